import { type EntityManager, NotAllowedError } from '../database/index.js';
import { ROLES } from '../shared/index.js';

/**
 * What an operator decides about an account is refused to everybody else, above all to the user whom it is about.
 * Costs one round trip; what it guards happens rarely.
 * @throws {NotAllowedError} unless entered through `asWorker`.
 */
export async function requireOperator(em: EntityManager): Promise<void> {
  const [row] = await em.execute<{ role: string }[]>('select current_user::text as role');
  if (row!.role !== ROLES.worker) throw new NotAllowedError();
}
