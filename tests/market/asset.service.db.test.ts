import { describe, expect, test } from 'vitest';
import {
  Asset,
  AssetService,
  asUser,
  asWorker,
  ConflictError,
  type ListAsset,
  NotAllowedError,
  NotFoundError,
  newId,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

const list = (...assets: ListAsset[]): Promise<void> =>
  asWorker(database.orm.em, async em => {
    for (const asset of assets) new AssetService(em).list(asset);
  });

const count = async (): Promise<number> =>
  (await (await database.superuser()).query('select count(*)::int as n from assets')).rows[0].n;

const WETH = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';
const UNI = '0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984';

describe('an asset', () => {
  test('is listed with its contract in checksummed form', async () => {
    await list({
      code: 'WETH',
      name: 'Wrapped Ether',
      kind: 'crypto',
      contract: { chain: 'ethereum', address: WETH.toLowerCase(), decimals: 18 },
      priceMaxAgeSeconds: 600,
    });
    const { rows } = await (await database.superuser()).query(
      `select code, name, kind, chain, contract_address, decimals, display_scale, price_max_age_seconds, status
       from assets where code = 'WETH'`,
    );
    expect(rows).toEqual([
      {
        code: 'WETH',
        name: 'Wrapped Ether',
        kind: 'crypto',
        chain: 'ethereum',
        contract_address: WETH,
        decimals: 18,
        display_scale: 8,
        price_max_age_seconds: 600,
        status: 'active',
      },
    ]);
  });

  test('is found by its code, and its books have at most eight decimals', async () => {
    await list({
      code: 'UNI',
      name: 'Uniswap',
      kind: 'crypto',
      contract: { chain: 'ethereum', address: UNI, decimals: 18 },
    });
    const found = await asUser(database.orm.em, newId(), em => new AssetService(em).byCode('UNI'));
    expect(found).toMatchObject({ code: 'UNI', contractAddress: UNI, scale: 8 });
    const missing = asUser(database.orm.em, newId(), em => new AssetService(em).byCode('uni'));
    await expect(missing).rejects.toThrow(NotFoundError);
    await expect(missing).rejects.toMatchObject({ code: 'asset.not-found', message: 'There is no such asset.' });
  });

  test.each([
    [
      'a mistyped contract',
      { contract: { chain: 'ethereum', address: UNI.replace('aF', 'Af'), decimals: 18 } },
      'address.bad-checksum',
    ],
    [
      'a contract that is too short',
      { contract: { chain: 'ethereum', address: '0x1f98', decimals: 18 } },
      'address.malformed',
    ],
    ['no chain, as a token', {}, 'asset.no-chain'],
    ['37 decimals', { contract: { chain: 'ethereum', decimals: 37 } }, 'input.invalid'],
    ['a code of two words', { code: 'TWO WORDS' }, 'input.invalid'],
    ['a chain nobody knows', { contract: { chain: 'dogechain' as never, decimals: 8 } }, 'input.invalid'],
  ] as const)('with %s is refused', async (_, details, code) => {
    const before = await count();
    const refused = list({ code: 'BAD', name: 'Bad', kind: 'crypto', ...details });
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(refused).rejects.toMatchObject({ code });
    expect(await count()).toBe(before);
  });

  test('has a code of its own', async () => {
    await list({ code: 'CHF', name: 'Swiss franc', kind: 'fiat' });
    const before = await count();
    const refused = list(
      { code: 'SEK', name: 'Swedish krona', kind: 'fiat' },
      { code: 'CHF', name: 'Franc', kind: 'fiat' },
    );
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'asset.code-taken' });
    expect(await count()).toBe(before);
  });

  test('has a contract of its own, however it is written', async () => {
    const address = '0x6B175474E89094C44Da98b954EedeAC495271d0F';
    await list({
      code: 'DAI',
      name: 'Dai',
      kind: 'stablecoin',
      contract: { chain: 'ethereum', address, decimals: 18 },
    });
    const before = await count();
    for (const spelling of [address, address.toLowerCase()]) {
      const contract = { chain: 'ethereum' as const, address: spelling, decimals: 18 };
      await expect(list({ code: 'DAI2', name: 'Dai too', kind: 'stablecoin', contract })).rejects.toMatchObject({
        code: 'asset.contract-taken',
      });
    }
    expect(await count()).toBe(before);
    // The same address on another chain is another contract.
    await list({
      code: 'DAI.base',
      name: 'Dai',
      kind: 'stablecoin',
      contract: { chain: 'base', address, decimals: 18 },
    });
    expect(await count()).toBe(before + 1);
  });

  test('is listed and changed by jobs, not by users', async () => {
    await list({ code: 'NOK', name: 'Norwegian krone', kind: 'fiat' });
    const before = await count();
    await expect(
      asUser(database.orm.em, newId(), async em => {
        new AssetService(em).list({ code: 'MINE', name: 'My own', kind: 'fiat' });
      }),
    ).rejects.toThrow(NotAllowedError);
    await expect(
      asUser(database.orm.em, newId(), async em => (await new AssetService(em).byCode('NOK')).halt()),
    ).rejects.toMatchObject({ code: 'context.not-allowed' });
    expect(await count()).toBe(before);

    await asWorker(database.orm.em, async em => (await new AssetService(em).byCode('NOK')).halt());
    expect(await asWorker(database.orm.em, em => em.count(Asset, { code: 'NOK', status: 'halted' }))).toBe(1);
  });
});

describe('the trade of an asset', () => {
  type Step = 'halt' | 'resume' | 'retire';
  const operate = (step: Step, code: string) => asWorker(database.orm.em, em => new AssetService(em)[step]({ code }));
  const statusOf = async (code: string): Promise<string> =>
    (await (await database.superuser()).query('select status from assets where code = $1', [code])).rows[0].status;
  const listed = async (code: string): Promise<string> => {
    await list({ code, name: code, kind: 'equity' });
    return code;
  };

  test('is halted, goes on, and ends for good', async () => {
    const code = await listed('ACME');
    await operate('halt', code);
    expect(await statusOf(code)).toBe('halted');
    await operate('resume', code);
    expect(await statusOf(code)).toBe('active');
    const asset = await operate('retire', code);
    expect([asset.status, await statusOf(code)]).toEqual(['retired', 'retired']);
    for (const [step, refusal] of [
      ['halt', 'asset.not-halted'],
      ['resume', 'asset.not-active'],
      ['retire', 'asset.not-retired'],
    ] as const)
      await expect(operate(step, code)).rejects.toMatchObject({ code: refusal });
    expect(await statusOf(code)).toBe('retired');
  });

  test('does not go on that never stopped', async () => {
    const code = await listed('GOES');
    await expect(operate('resume', code)).rejects.toMatchObject({ code: 'asset.not-active' });
    expect(await statusOf(code)).toBe('active');
  });

  test('is halted once by two operators at the same moment', async () => {
    const code = await listed('TWICE');
    const outcomes = await Promise.allSettled([operate('halt', code), operate('halt', code)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(outcome => outcome.status === 'rejected')!.reason.code).toBe('asset.not-halted');
  });

  test.each<[Step]>([['halt'], ['resume'], ['retire']])(
    'is not decided by users, nor of what is not listed: %s',
    async step => {
      const code = await listed(`U${step}`);
      const byUser = asUser(database.orm.em, newId(), em => new AssetService(em)[step]({ code }));
      await expect(byUser).rejects.toMatchObject({ code: 'context.not-allowed' });
      await expect(operate(step, 'NOBODY')).rejects.toMatchObject({ code: 'asset.not-found' });
      await expect(operate(step, 'two words')).rejects.toMatchObject({ code: 'input.invalid' });
      expect(await statusOf(code)).toBe('active');
    },
  );
});
