import { z } from 'zod';
import type { ReadingEntityManager } from '../database/index.js';
import { Decimal, Id, parseInput } from '../shared/index.js';

export const BalancesOf = z.strictObject({ userId: Id });
export type BalancesOf = z.input<typeof BalancesOf>;

/** What somebody has of one asset outside of portfolios. */
export interface Balance {
  assetCode: string;
  /** What may be spent, sent and paid out. */
  available: Decimal;
  /** What is held for payments under way. */
  reserved: Decimal;
}

/** How much money there is. Changes nothing. */
export class BalanceService {
  constructor(private readonly em: ReadingEntityManager) {}

  /**
   * Cash and what is held of it, asset by asset, by code; what was there once and is gone is 0. Before and after: the same.
   * @throws {ValidationError} `input.invalid`
   */
  async list(input: BalancesOf): Promise<Balance[]> {
    const { userId } = parseInput(BalancesOf, input);
    const rows = await this.em.execute<{ code: string; available: string; reserved: string }[]>(
      `select a.code,
         coalesce(sum(l.balance) filter (where l.kind = 'cash'), 0)::text as available,
         coalesce(sum(l.balance) filter (where l.kind = 'reserved'), 0)::text as reserved
       from ledger_accounts l join assets a on a.id = l.asset_id
       where l.user_id = ? and l.kind in ('cash', 'reserved')
       group by a.code order by a.code collate "C"`,
      [userId],
    );
    return rows.map(({ code, available, reserved }) => ({
      assetCode: code,
      available: new Decimal(available),
      reserved: new Decimal(reserved),
    }));
  }
}
