import type { MikroORM } from '@mikro-orm/sql';
import { type Inspection, inspectDatabase } from '../migrations/inspection.js';
import { type Check, MIGRATE, note, ok, problem } from './check.js';

const NAME = 'migrations';
/** Statements of a drift that are shown. */
const SHOWN = 5;

const FINDINGS: Record<keyof Inspection, (what: string) => Check> = {
  pending: file => problem(NAME, `${file} has not run.`, MIGRATE),
  edited: file =>
    problem(NAME, `${file} ran, and was edited or removed since.`, 'Bring the file back, and write a new one instead.'),
  drift: statement => problem('drift', `Differs from the entities: ${statement}`, 'Undo the change, or migrate it.'),
  routines: name =>
    problem('drift', `The ${name} is missing or differs from its source.`, 'Restore it by a migration.'),
  rights: right => problem('drift', `${right}, and should not.`, 'Revoke it.'),
};

/**
 * What has not run, was edited, or differs from the code.
 * @param orm signed in as the owner of the tables; nobody else sees it.
 */
export async function migrationChecks(orm: MikroORM | undefined): Promise<Check[]> {
  if (!orm)
    return [
      note(
        NAME,
        'Whether migrations are pending or tables differ is seen by the owner alone.',
        'Set MIGRATOR_DATABASE_URL, or run npx nestegg gate as the owner.',
      ),
    ];
  // Looking at the log of migrations would make it.
  const ask = `select to_regclass('mikro_orm_migrations') is not null as "exists"`;
  const log = await orm.em.getConnection().execute<{ exists: boolean }>(ask, [], 'get');
  if (!log.exists) return [problem(NAME, 'Nothing was ever migrated here.', MIGRATE)];
  const inspection = await inspectDatabase(orm);
  const checks = Object.entries(inspection).flatMap(([kind, found]) => {
    const shown = found.slice(0, SHOWN).map(FINDINGS[kind as keyof Inspection]);
    const more = found.length - shown.length;
    return more > 0 ? [...shown, note(NAME, `And ${more} more like this.`, 'See all: npx nestegg gate.')] : shown;
  });
  return checks.length > 0 ? checks : [ok(NAME, 'All have run, and the database is exactly what the code expects.')];
}
