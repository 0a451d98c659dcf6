import { z } from 'zod';
import type { ReadingEntityManager } from '../database/index.js';
import { Decimal, Id, parseInput } from '../shared/index.js';
import { cursorAfter, positionOf } from './cursor.js';
import { HistoryPage } from './history.input.js';
import { exactInstant } from './page.input.js';
import type { TransactionStatus, TransactionType } from './transaction.entity.js';

/** A transaction as its owner reads it in a list. */
export interface HistoryLine {
  id: string;
  type: TransactionType;
  status: TransactionStatus;
  assetCode: string;
  amount: Decimal;
  portfolioId: string | null;
  basketId: string | null;
  occurredAt: Date;
  postedAt: Date | null;
  /** The external reference, where there is one. */
  source: string | null;
  reference: string | null;
  /** The transaction that this one takes back. */
  reversesId: string | null;
}

export interface History {
  lines: HistoryLine[];
  /** The cursor of the next page; null when there is nothing left to look at. */
  next: string | null;
}

/** How many transactions one page looks at to find those that pass its filters. */
export const HISTORY_SCAN_MAX = 2_000;

const Position = z.tuple([Id]);

/** What a user has done. Read only: inside `asUser` one's own, inside `asReader` or `asWorker` anybody's. */
export class HistoryService {
  constructor(private readonly em: ReadingEntityManager) {}

  /**
   * One page of a user's transactions, the newest first, as they were made. A page looks at {@link HISTORY_SCAN_MAX}
   * transactions at most, so that its cost does not grow with the history: under a filter that few pass it may hold fewer
   * than `limit`, or none; `next` tells whether there is more.
   * @throws {ValidationError} `input.invalid`, `cursor.invalid`
   */
  async page(input: HistoryPage): Promise<History> {
    const { cursor, limit, ...wish } = parseInput(HistoryPage, input);
    const { userId, ...filters } = wish;
    const list = { list: 'history', userId, filters };
    const [before] = cursor === undefined ? [LAST_ID] : positionOf(cursor, list, Position);
    const rows = await this.em.execute<Row[]>(...historyQuery(wish, limit + 1, before));
    const isFiltered = Object.values(filters).some(filter => filter !== undefined);
    const endOfScan = () => (isFiltered ? this.endOfScan(userId, before) : undefined);
    const end = rows.length > limit ? rows[limit - 1]!.id : await endOfScan();
    return { lines: rows.slice(0, limit).map(lineOf), next: end ? cursorAfter([end], list) : null };
  }

  /** The last transaction that a page has looked at, when there may be others behind it. */
  private async endOfScan(userId: string, before: string): Promise<string | undefined> {
    const [row] = await this.em.execute<{ id: string }[]>(
      `select id from transactions where user_id = ? and id < ?::uuid order by id desc offset ? limit 1`,
      [userId, before, HISTORY_SCAN_MAX - 1],
    );
    return row?.id;
  }
}

/** Behind all others. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type Wish = Omit<z.output<typeof HistoryPage>, 'cursor' | 'limit'>;

/** A backward scan of the primary key that stops when the page is full; the filters sit on top of its bounded part. */
function historyQuery(wish: Wish, limit: number, before: string): [string, unknown[]] {
  const { userId, types, statuses, portfolioId } = wish;
  const conditions = [
    ...(types ? [`t.type in (${types.map(() => '?').join(', ')})`] : []),
    ...(statuses ? [`t.status in (${statuses.map(() => '?').join(', ')})`] : []),
    ...(portfolioId ? ['t.portfolio_id = ?'] : []),
  ];
  return [
    `select t.id, t.type, t.status, a.code as asset_code, t.amount::text as amount, t.portfolio_id, t.basket_id,
       ${exactInstant('t.occurred_at')} as occurred_at, ${exactInstant('t.posted_at')} as posted_at,
       t.external_source, t.external_reference, t.reverses_id
     from (select * from transactions where user_id = ? and id < ?::uuid order by id desc limit ?) t
     join assets a on a.id = t.asset_id
     ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by t.id desc limit ?`,
    [
      userId,
      before,
      HISTORY_SCAN_MAX,
      ...(types ?? []),
      ...(statuses ?? []),
      ...(portfolioId ? [portfolioId] : []),
      limit,
    ],
  ];
}

interface Row {
  id: string;
  type: TransactionType;
  status: TransactionStatus;
  asset_code: string;
  amount: string;
  portfolio_id: string | null;
  basket_id: string | null;
  occurred_at: string;
  posted_at: string | null;
  external_source: string | null;
  external_reference: string | null;
  reverses_id: string | null;
}

const lineOf = (row: Row): HistoryLine => ({
  id: row.id,
  type: row.type,
  status: row.status,
  assetCode: row.asset_code,
  amount: new Decimal(row.amount),
  portfolioId: row.portfolio_id,
  basketId: row.basket_id,
  occurredAt: new Date(row.occurred_at),
  postedAt: row.posted_at === null ? null : new Date(row.posted_at),
  source: row.external_source,
  reference: row.external_reference,
  reversesId: row.reverses_id,
});
