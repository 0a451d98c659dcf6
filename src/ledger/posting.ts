import { type EntityManager, executeBound, translateError } from '../database/index.js';
import { type Decimal, newId } from '../shared/index.js';
import { IdempotencyConflictError } from './errors.js';
import type { AccountKind } from './ledger-account.entity.js';
import type { LedgerEntry } from './ledger-entry.entity.js';
import { type Answer, amountText, mapRow, PostingBody, StoredLegs } from './posting-body.js';
import { requestHash } from './request-hash.js';
import { Transaction, type TransactionType } from './transaction.entity.js';
import type { FeeKind, TransactionFee } from './transaction-fee.entity.js';

/** Where an amount is: an account of the user's book, named by what it is for. Which asset it holds, the leg says. */
export interface Place {
  kind: AccountKind;
  portfolioId?: string;
  basketId?: string;
}

/** A positive amount of one asset that leaves one place for another. */
export interface Leg {
  from: Place;
  to: Place;
  assetId: string;
  amount: Decimal;
  /** Says that this leg takes a fee, and at what percentage it was reckoned. */
  fee?: { kind: FeeKind; rate?: Decimal };
}

/** What a use case was asked for, under the key that makes it take effect once. */
export interface Request {
  idempotencyKey: string;
  /** Everything that makes the request this one and no other; its hash is kept. */
  request: unknown;
}

export interface OutboxMessage {
  type: string;
  payload: Record<string, unknown>;
}

/** A business event of one user, with the legs that it moves. Pending ones may have none yet, or hold funds back. */
export interface Posting extends Request {
  /** Made by {@link newId}, where it must be known beforehand, such as for an event; a replay keeps the first one. */
  id?: string;
  type: TransactionType;
  status?: 'pending' | 'posted';
  assetId: string;
  amount: Decimal;
  occurredAt: Date;
  portfolioId?: string;
  basketId?: string;
  external?: { source: string; reference: string };
  reversesId?: string;
  /** When a pending one expires; {@link close} it with `expired` then. */
  expiresAt?: Date;
  legs: readonly Leg[];
  events?: readonly OutboxMessage[];
}

/** How a pending transaction ends. */
export interface Closing extends Request {
  transactionId: string;
  status: 'posted' | 'voided' | 'failed' | 'expired';
  occurredAt: Date;
  /** The amount that came in the end, when it differs. */
  amount?: Decimal;
  failureReason?: string;
  /** The provider's own reference, where none was known when it was opened. */
  external?: { source: string; reference: string };
  legs: readonly Leg[];
  events?: readonly OutboxMessage[];
}

/** What a posting or closing came to. */
export class Posted {
  constructor(
    readonly transaction: Transaction,
    /** True when the key had taken effect before: nothing happened now. */
    readonly replayed: boolean,
    private readonly legs?: StoredLegs,
  ) {}

  /** In the order of the legs; empty when replayed. */
  get entries(): LedgerEntry[] {
    return this.legs?.entries ?? [];
  }

  /** In the order of their legs; empty when replayed. */
  get fees(): TransactionFee[] {
    return this.legs?.fees ?? [];
  }
}

/**
 * Posts a transaction to a user's book, all of it or nothing, in one call of the database: key, accounts, locks, overdraft,
 * entries, balances and outbox. Flushes what is pending first, in the same transaction.
 * @throws {InsufficientFundsError} {@link IdempotencyConflictError} {@link ValidationError} (an amount that would be rounded)
 */
export function post(em: EntityManager, userId: string, posting: Posting): Promise<Posted> {
  const { type, status = 'posted', assetId, portfolioId, basketId, external, reversesId, expiresAt } = posting;
  return call(em, userId, posting, {
    id: posting.id ?? newId(),
    type,
    status,
    asset: assetId,
    amount: amountText(posting.amount, 'amount'),
    portfolio: portfolioId,
    basket: basketId,
    externalSource: external?.source,
    externalReference: external?.reference,
    reverses: reversesId,
    expiresAt: expiresAt?.toISOString(),
  });
}

/**
 * Ends the pending state of a transaction, with the legs that this moves.
 * @throws {NotFoundError} {@link StateError} `transaction.not-pending` {@link InsufficientFundsError} {@link IdempotencyConflictError}
 */
export function close(em: EntityManager, userId: string, closing: Closing): Promise<Posted> {
  return call(em, userId, closing, {
    closes: closing.transactionId,
    status: closing.status,
    amount: closing.amount && amountText(closing.amount, 'amount'),
    failureReason: closing.failureReason,
    externalSource: closing.external?.source,
    externalReference: closing.external?.reference,
  });
}

/**
 * Holds a user's book until the end of the transaction. Whatever decides on balances, holdings or rules of a user starts
 * with this, before it locks any row: transactions of one user then take turns, and none can wait for another in a circle.
 * A job over several users holds their books in the order of their ids.
 */
export async function lockBook(em: EntityManager, userId: string): Promise<void> {
  await em.execute('select nestegg_lock_book(?)', [userId]);
}

/** As {@link lockBook}, without waiting. @returns false when another transaction holds the book. */
export async function tryLockBook(em: EntityManager, userId: string): Promise<boolean> {
  const [row] = await em.execute<{ locked: boolean }[]>('select nestegg_try_lock_book(?) as locked', [userId]);
  return row!.locked;
}

/**
 * The transaction that a key has opened already, if it was for the same request. A use case that decides on balances or
 * prices asks this first, under its lock: they have changed since.
 * @throws {IdempotencyConflictError}
 */
export async function replayOf(
  em: EntityManager,
  userId: string,
  { idempotencyKey, request }: Request,
): Promise<Transaction | null> {
  const found = await em.findOne(Transaction, { user: userId, idempotencyKey });
  if (found && found.requestHash !== requestHash(request)) throw new IdempotencyConflictError();
  return found;
}

type Header = Record<string, string | undefined>;

async function call(em: EntityManager, userId: string, event: Posting | Closing, header: Header): Promise<Posted> {
  const body = new PostingBody(event);
  const hash = requestHash(event.request);
  const message = { ...header, key: event.idempotencyKey, hash, occurredAt: event.occurredAt.toISOString(), ...body };
  await em.flush();
  const answer = await ask(em, userId, message);
  if (answer.replayed || header.closes) {
    // What is stored is the truth: read it, also over a copy that is loaded already.
    const transaction = await em.findOneOrFail(
      Transaction,
      { user: userId, id: answer.transactionId },
      { refresh: true },
    );
    return new Posted(
      transaction,
      answer.replayed,
      answer.replayed ? undefined : new StoredLegs(em, userId, body, answer),
    );
  }
  const transaction = mapRow(em, Transaction, {
    user_id: userId,
    id: answer.transactionId,
    created_at: new Date(answer.storedAt),
    updated_at: new Date(answer.storedAt),
    type: header.type,
    status: header.status,
    asset_id: header.asset,
    amount: header.amount,
    portfolio_id: header.portfolio ?? null,
    basket_id: header.basket ?? null,
    occurred_at: event.occurredAt,
    posted_at: header.status === 'posted' ? event.occurredAt : null,
    expires_at: header.expiresAt ? new Date(header.expiresAt) : null,
    closed_at: null,
    reversed_at: null,
    failure_reason: null,
    idempotency_key: event.idempotencyKey,
    request_hash: hash,
    closing_key: null,
    closing_hash: null,
    external_source: header.externalSource ?? null,
    external_reference: header.externalReference ?? null,
    reverses_id: header.reverses ?? null,
  });
  // The transaction that this one reverses is another one now, also where it is loaded already.
  if (header.reverses) await em.findOneOrFail(Transaction, { user: userId, id: header.reverses }, { refresh: true });
  return new Posted(transaction, false, new StoredLegs(em, userId, body, answer));
}

async function ask(em: EntityManager, userId: string, message: object): Promise<Answer> {
  try {
    // Bound: a posting of fifty legs is longer than a statement may be behind a proxy.
    const [row] = await executeBound<{ answer: Answer }>(em, 'select nestegg_post($1, $2::jsonb) as answer', [
      userId,
      JSON.stringify(message),
    ]);
    return row!.answer;
  } catch (error) {
    throw translateError(error);
  }
}
