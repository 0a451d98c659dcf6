import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { Decimal, parseInput } from '../shared/index.js';
import { type PaymentStatus, ReconcileList, type ReconciliationLine } from './reconciliation.input.js';
import type { TransactionStatus } from './transaction.entity.js';

/** How far outside of its period a list's payments may have been booked here and still be found, in days: value dates differ. */
export const RECONCILIATION_MARGIN_DAYS = 7;

/** What a list and the books do not agree on. Values are as each side says them. */
export type ReconciliationDifference =
  /** A reference that the list has named before, in `firstLine`. Only that line is matched. */
  | { kind: 'duplicate'; line: number; reference: string; firstLine: number }
  /** In the list; not booked here. */
  | { kind: 'missing-here'; line: number; reference: string }
  /** Booked here as settled within the period; not in the list. */
  | ({ kind: 'missing-there'; reference: string } & Booked)
  /** Several users have something under this reference: reconcile one user at a time. */
  | { kind: 'ambiguous'; line: number; reference: string; users: number }
  | ({ kind: 'amount' | 'asset' | 'status'; line: number; reference: string; here: string; there: string } & Booked);

interface Booked {
  userId: string;
  transactionId: string;
}

export interface Reconciliation {
  /** Pairs of a line and a transaction with the same reference. */
  matched: number;
  /** Those of them that agree in everything. */
  agreed: number;
  /** In the order of the list; then what is missing there, by reference. */
  differences: ReconciliationDifference[];
}

/**
 * Lays a provider's list beside the books, line by line, by reference alone: equal amounts or dates prove nothing. It tells
 * what differs and changes nothing; it runs inside `asReader` as well, and inside `asUser` for the user's own.
 *
 * A transaction belongs to the period in which it was posted, or else occurred. What is pending or came to nothing here need
 * not be in the list. Looks for a line's transaction from {@link RECONCILIATION_MARGIN_DAYS} before the period until as long
 * after it. For all users at once it reads the transactions of everybody: a job for a quiet hour.
 * @throws {ValidationError}
 */
export async function reconcile(em: EntityManager, input: ReconcileList): Promise<Reconciliation> {
  const { lines, ...wish } = parseInput(ReconcileList, input);
  const booked = await findBooked(em, wish);
  const byReference = Map.groupBy(booked, row => row.reference);
  const firstLines = new Map<string, number>();
  const differences: ReconciliationDifference[] = [];
  let [matched, agreed] = [0, 0];
  for (const item of lines) {
    const { line, reference } = item;
    const firstLine = firstLines.get(reference);
    const found = byReference.get(reference) ?? [];
    if (firstLine !== undefined) differences.push({ kind: 'duplicate', line, reference, firstLine });
    else if (found.length === 0) differences.push({ kind: 'missing-here', line, reference });
    else if (found.length > 1) differences.push({ kind: 'ambiguous', line, reference, users: found.length });
    else {
      const differing = compare(item, found[0]!);
      differences.push(...differing);
      matched += 1;
      agreed += differing.length === 0 ? 1 : 0;
    }
    if (firstLine === undefined) firstLines.set(reference, line);
  }
  const missing = booked.filter(
    row => row.in_period && STATUS_OUTSIDE[row.status] === 'settled' && !firstLines.has(row.reference),
  );
  differences.push(
    ...missing.map(({ reference, ...row }) => ({ kind: 'missing-there' as const, reference, ...namesOf(row) })),
  );
  return { matched, agreed, differences };
}

const STATUS_OUTSIDE: Readonly<Record<TransactionStatus, PaymentStatus>> = {
  pending: 'pending',
  posted: 'settled',
  voided: 'failed',
  failed: 'failed',
  expired: 'failed',
  reversed: 'reversed',
};

function compare(item: z.output<typeof ReconciliationLine>, row: BookedRow): ReconciliationDifference[] {
  const pair = { line: item.line, reference: item.reference, ...namesOf(row) };
  const differences: ReconciliationDifference[] = [];
  const here = new Decimal(row.amount);
  if (!here.eq(item.amount))
    differences.push({ kind: 'amount', ...pair, here: here.toFixed(), there: item.amount.toFixed() });
  if (row.asset_code !== item.assetCode)
    differences.push({ kind: 'asset', ...pair, here: row.asset_code, there: item.assetCode });
  if (STATUS_OUTSIDE[row.status] !== item.status)
    differences.push({ kind: 'status', ...pair, here: STATUS_OUTSIDE[row.status], there: item.status });
  return differences;
}

const namesOf = ({ user_id, id }: Pick<BookedRow, 'user_id' | 'id'>): Booked => ({
  userId: user_id,
  transactionId: id,
});

interface BookedRow {
  user_id: string;
  id: string;
  reference: string;
  asset_code: string;
  amount: string;
  status: TransactionStatus;
  in_period: boolean;
}

const findBooked = (
  em: EntityManager,
  { userId, source, from, to }: Pick<z.output<typeof ReconcileList>, 'userId' | 'source' | 'from' | 'to'>,
): Promise<BookedRow[]> =>
  em.execute<BookedRow[]>(
    `select t.user_id, t.id, t.external_reference as reference, a.code as asset_code, t.amount::text as amount, t.status,
       coalesce(t.posted_at, t.occurred_at) >= ? and coalesce(t.posted_at, t.occurred_at) < ? as in_period
     from transactions t join assets a on a.id = t.asset_id
     where ${userId ? 't.user_id = ? and ' : ''}t.external_source = ?
       and coalesce(t.posted_at, t.occurred_at) >= ? and coalesce(t.posted_at, t.occurred_at) < ?
     order by t.external_reference collate "C", t.user_id`,
    [
      from,
      to,
      ...(userId ? [userId] : []),
      source,
      daysFrom(from, -RECONCILIATION_MARGIN_DAYS),
      daysFrom(to, RECONCILIATION_MARGIN_DAYS),
    ],
  );

const daysFrom = (instant: Date, days: number): Date => new Date(instant.getTime() + days * 86_400_000);
