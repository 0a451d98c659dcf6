import { z } from 'zod';
import type { ReadingEntityManager } from '../database/index.js';
import { findAsset } from '../market/index.js';
import { Decimal, NotFoundError, parseInput, ZERO } from '../shared/index.js';
import { cursorAfter, positionOf } from './cursor.js';
import type { AccountKind } from './ledger-account.entity.js';
import { ExactInstant, exactInstant } from './page.input.js';
import { StatementPage } from './statement.input.js';
import type { TransactionType } from './transaction.entity.js';

/** One entry as its account sees it. */
export interface StatementLine {
  /** Which entry of the account this is, from 1 without a gap. */
  number: number;
  bookedAt: Date;
  /** Positive when it came in, negative when it went out. */
  amount: Decimal;
  /** Of the account, after this entry. */
  balance: Decimal;
  /** Where it came from or went to. */
  counter: { accountId: string; kind: AccountKind; portfolioId: string | null; basketId: string | null };
  transaction: {
    id: string;
    type: TransactionType;
    occurredAt: Date;
    /** The external reference, where there is one. */
    source: string | null;
    reference: string | null;
  };
}

/** A page of a statement. The balances are those of the whole period, on every page. */
export interface Statement {
  account: { id: string; kind: AccountKind } | null;
  assetCode: string;
  /** Before the first entry of the period. */
  opening: Decimal;
  /** After the last entry of the period. */
  closing: Decimal;
  lines: StatementLine[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

/** Where a page ends: when its last entry was booked, and its number in the account. */
const Position = z.tuple([ExactInstant, z.int().min(1).max(2_147_483_647)]);
type Position = z.output<typeof Position>;

/** What has happened in an account. Read only: inside `asUser` one's own, inside `asReader` or `asWorker` anybody's. */
export class StatementService {
  constructor(private readonly em: ReadingEntityManager) {}

  /**
   * One page of an account's entries in the order they were booked, with the running balance. Pages fit together whatever
   * is booked meanwhile, without gap or repetition. Its cost depends on the page, not on the account's history.
   * An asset of which the user has never had any has an empty statement.
   * @throws {NotFoundError} `account.not-found`, `asset.not-found`; {@link ValidationError} `input.invalid`, `cursor.invalid`
   */
  async page(input: StatementPage): Promise<Statement> {
    const { cursor, limit, ...wish } = parseInput(StatementPage, input);
    const { userId, ...filters } = wish;
    const list = { list: 'statement', userId, filters };
    const after = cursor === undefined ? undefined : positionOf(cursor, list, Position);
    const rows = await this.em.execute<Row[]>(...statementQuery(wish, limit + 1, after));
    const [first] = rows;
    if (!first) return this.neverHeld(wish.assetCode);
    const lines = rows.filter(row => row.number !== null) as EntryRow[];
    const last = lines.length > limit ? lines[limit - 1] : undefined;
    return {
      account: { id: first.account_id, kind: first.account_kind },
      assetCode: first.asset_code,
      opening: new Decimal(first.opening),
      closing: new Decimal(first.closing),
      lines: lines.slice(0, limit).map(lineOf),
      next: last ? cursorAfter([last.booked_at, Number(last.number)], list) : null,
    };
  }

  private async neverHeld(assetCode: string | undefined): Promise<Statement> {
    if (assetCode === undefined) throw new NotFoundError('account');
    await findAsset(this.em, assetCode);
    return { account: null, assetCode, opening: ZERO, closing: ZERO, lines: [], next: null };
  }
}

type Wish = Omit<z.output<typeof StatementPage>, 'cursor' | 'limit'>;

/**
 * One statement for account, balances and entries. An account's entries lie in two indexes, one for each side; both are in
 * the order of the account, so the page is the merge of the heads of two scans. Booking times never run backwards within an
 * account, and the numbers decide between equal ones.
 */
function statementQuery(wish: Wish, limit: number, after: Position | undefined): [string, unknown[]] {
  const newestFirst = wish.order === 'newest-first';
  const from = wish.from?.toISOString() ?? '-infinity';
  const to = wish.to?.toISOString() ?? 'infinity';
  // Beside the period's end, the one bound from which the page starts; numbers start at 1.
  const [start, number] = after ?? [newestFirst ? to : from, 0];
  const [beyond, direction, bound] = newestFirst ? ['<', 'desc', '>='] : ['>', 'asc', '<'];
  const end = newestFirst ? from : to;

  const side = (own: string, other: string, sign: string): string =>
    `(select e.created_at, e.${own}_number as number, ${sign}e.amount as amount, e.${own}_balance as balance,
        e.${other}_id as counter_id, e.transaction_id
      from ledger_entries e
      where e.user_id = ? and e.${own}_id = account.id and e.asset_id = account.asset_id
        and (e.created_at, e.${own}_number) ${beyond} (?::timestamptz, ?::int) and e.created_at ${bound} ?::timestamptz
      order by e.created_at ${direction}, e.${own}_number ${direction} limit ?)`;
  const sideValues = [wish.userId, start, number, end, limit];

  const balanceBefore = `coalesce((select balance from (${['debit', 'credit']
    .map(
      own => `(select e.${own}_number as number, e.${own}_balance as balance
      from ledger_entries e
      where e.user_id = ? and e.${own}_id = account.id and e.asset_id = account.asset_id and e.created_at < ?::timestamptz
      order by e.created_at desc, e.${own}_number desc limit 1)`,
    )
    .join(' union all ')}) last order by number desc limit 1), 0)::text`;
  const beforeValues = (instant: string) => [wish.userId, instant, wish.userId, instant];

  return [
    // Materialised: balances are looked up once, not for every line.
    `with account as materialized (
       select account.*, ${balanceBefore} as opening, ${balanceBefore} as closing
       from (
         select l.id, l.kind, l.asset_id, a.code as asset_code
         from ledger_accounts l join assets a on a.id = l.asset_id
         where l.user_id = ? and ${wish.accountId ? 'l.id = ?' : `l.kind = 'cash' and a.code = ?`}
       ) account
     )
     select account.id as account_id, account.kind as account_kind, account.asset_code, account.opening, account.closing,
       line.number::text as number, ${exactInstant('line.created_at')} as booked_at, line.amount::text as amount,
       line.balance::text as balance, line.counter_id,
       c.kind as counter_kind, c.portfolio_id as counter_portfolio, c.basket_id as counter_basket,
       t.id as transaction_id, t.type, ${exactInstant('t.occurred_at')} as occurred_at, t.external_source, t.external_reference
     from account
     left join lateral (
       select * from (${side('debit', 'credit', '-')} union all ${side('credit', 'debit', '')}) both_sides
       order by created_at ${direction}, number ${direction} limit ?
     ) line on true
     left join ledger_accounts c on c.user_id = ? and c.id = line.counter_id
     left join transactions t on t.user_id = ? and t.id = line.transaction_id
     order by line.created_at ${direction}, line.number ${direction}`,
    [
      ...beforeValues(from),
      ...beforeValues(to),
      wish.userId,
      wish.accountId ?? wish.assetCode,
      ...sideValues,
      ...sideValues,
      limit,
      wish.userId,
      wish.userId,
    ],
  ];
}

interface EntryRow {
  account_id: string;
  account_kind: AccountKind;
  asset_code: string;
  opening: string;
  closing: string;
  number: string;
  booked_at: string;
  amount: string;
  balance: string;
  counter_id: string;
  counter_kind: AccountKind;
  counter_portfolio: string | null;
  counter_basket: string | null;
  transaction_id: string;
  type: TransactionType;
  occurred_at: string;
  external_source: string | null;
  external_reference: string | null;
}

/** A period without entries is one row all the same, for the balances. */
type Row =
  | EntryRow
  | (Pick<EntryRow, 'account_id' | 'account_kind' | 'asset_code' | 'opening' | 'closing'> & { number: null });

const lineOf = (row: EntryRow): StatementLine => ({
  number: Number(row.number),
  bookedAt: new Date(row.booked_at),
  amount: new Decimal(row.amount),
  balance: new Decimal(row.balance),
  counter: {
    accountId: row.counter_id,
    kind: row.counter_kind,
    portfolioId: row.counter_portfolio,
    basketId: row.counter_basket,
  },
  transaction: {
    id: row.transaction_id,
    type: row.type,
    occurredAt: new Date(row.occurred_at),
    source: row.external_source,
    reference: row.external_reference,
  },
});
