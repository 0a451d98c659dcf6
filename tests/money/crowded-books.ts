import { expect } from 'vitest';
import type { Crowd } from './crowd.js';
import type { Stage, useStage } from './stage.js';
import { textOf, units } from './units.js';

/**
 * What must hold after a crowd has gone home: every acknowledged key has exactly one transaction and every refused one none, what
 * everybody has together is what came in less what went out by the answers they were given, and no invariant is broken.
 */
export async function expectSoundBooks(on: ReturnType<typeof useStage>, stage: Stage, crowd: Crowd): Promise<void> {
  expect(crowd.unexpected).toEqual([]);
  expect(await on.violations()).toEqual([]);
  const users = [...stage.people.values()];

  const stored = await on.rows<{ name: string; times: number }>(
    `select user_id || ' ' || key as name, count(*)::int as times from (
       select user_id, idempotency_key as key from transactions union all select user_id, closing_key from transactions
     ) keys where user_id = any ($1) and key like 'key-%' group by 1 order by 1`,
    [users],
  );
  const acknowledged = [...crowd.verdicts].filter(([, verdict]) => verdict === 'acknowledged').map(([name]) => name);
  expect(stored).toEqual(acknowledged.sort().map(name => ({ name, times: 1 })));

  const fees = await on.rows<{ id: string; fees: string }>(
    `select transaction_id as id, trim_scale(sum(amount))::text as fees from transaction_fees where user_id = any ($1) group by 1`,
    [users],
  );
  const cash = await on.rows<{ code: string; total: string }>(
    `select a.code, trim_scale(sum(l.balance))::text as total
     from ledger_accounts l join assets a on a.id = l.asset_id
     where l.user_id = any ($1) and l.kind in ('cash', 'reserved') group by 1`,
    [users],
  );
  const byAnswers = crowd.cashByAnswers(new Map(fees.map(row => [row.id, units(row.fees)])));
  expect(Object.fromEntries(cash.map(({ code, total }) => [code, total]))).toEqual(
    Object.fromEntries(Object.entries(byAnswers).map(([code, total]) => [code, textOf(total)])),
  );

  const held = await on.rows<{ id: string; quantity: string }>(
    `select h.id, trim_scale(l.balance)::text as quantity
     from portfolio_holdings h join ledger_accounts l on l.user_id = h.user_id and l.id = h.account_id
     where h.user_id = any ($1)`,
    [users],
  );
  expect(new Map(held.map(({ id, quantity }) => [id, quantity]))).toEqual(
    new Map([...crowd.quantitiesByAnswers()].map(([id, quantity]) => [id, textOf(quantity)])),
  );
}

/** Everybody is known, and has enough to begin with. */
export async function fillPockets(stage: Stage, crowd: Crowd, amount: string): Promise<void> {
  for (const user of stage.people.keys()) {
    await stage.happen({ event: 'verify', user });
    for (const asset of ['USD', 'EURS']) {
      const reference = `first ${asset}`;
      await crowd.ask({
        what: 'open-deposit',
        user,
        key: `key-${reference}`.replace(' ', '-'),
        asset,
        amount,
        reference,
      });
      const transaction = crowd.known.length - 1;
      await crowd.ask({ what: 'settle-deposit', user, key: `key-then-${asset}`, transaction });
    }
  }
}
