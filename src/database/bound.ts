import { CompiledQuery, type Kysely } from 'kysely';
import { ContextMissingError } from './errors.js';
import type { EntityManager } from './session.js';

/**
 * Runs a statement whose values travel apart from its text, in the transaction of the work. MikroORM writes values into the
 * text: long ones would make it longer than a proxy lets pass unpinned (16 KB), and the server's log would show them.
 * @param text with a placeholder for each value: `$1`, `$2`.
 * @throws {ContextMissingError} outside of a transaction; what the driver throws, as it is.
 */
export async function executeBound<Row extends object>(
  em: EntityManager,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const transaction = em.getTransactionContext<Kysely<unknown>>();
  if (!transaction) throw new ContextMissingError();
  const { rows } = await transaction.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
  return rows;
}
