import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MikroORM } from '@mikro-orm/sql';
import type { SingleRunnerMigrator } from './migrator.js';

/** How a database differs from what this code expects. All lists are empty when it is exactly that. */
export interface Inspection {
  /** Files that have not run. */
  pending: string[];
  /** Files that ran and say something else now, or are gone. */
  edited: string[];
  /** Statements that would make the tables what the entities say. */
  drift: string[];
  /** Functions and triggers of ours that are missing, differ from their source or are switched off. */
  routines: string[];
  /** Rights to the books that no role of the application, and not everybody, should have. */
  rights: string[];
}

/**
 * Compares a database with the code, as its owner: a deployment that finds a difference should stop. Changes nothing, but
 * for the log of migrations, which it makes where there is none.
 */
export async function inspectDatabase(orm: MikroORM): Promise<Inspection> {
  const migrator = orm.migrator as unknown as SingleRunnerMigrator;
  const pending = (await migrator.getPending()).map(({ name }) => name);
  const edited = await migrator.edited();
  if (pending.length > 0) return { pending, edited, drift: [], routines: [], rights: [] };
  const sql = await orm.schema.getUpdateSchemaSQL({ wrap: false });
  const drift = sql.split('\n').filter(line => line.trim());
  return { pending, edited, drift, routines: await routineDrift(orm), rights: await rightsTooMany(orm) };
}

export const isAsExpected = (inspection: Inspection): boolean =>
  Object.values(inspection).every(list => list.length === 0);

const select = async <T extends object>(orm: MikroORM, query: string): Promise<T[]> =>
  orm.em.getDriver().execute<T[]>(query);

interface Routines {
  /** Body by name; one that runs as its owner says so, and with which settings. */
  functions: Map<string, string>;
  /** `name on table`, of triggers that fire for every row. */
  triggers: string[];
}

async function routineDrift(orm: MikroORM): Promise<string[]> {
  const functions = await select<{ name: string; definer: boolean; config: string | null; body: string }>(
    orm,
    `select proname as name, prosecdef as definer, array_to_string(proconfig, ';') as config, prosrc as body
     from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  const bodies = new Map(functions.map(({ name, definer, config, body }) => [name, described(definer, config, body)]));
  const triggers = await select<{ name: string }>(
    orm,
    `select tgname || ' on ' || tgrelid::regclass as name from pg_trigger
     where not tgisinternal and tgenabled = 'O' and tgqual is null`,
  );
  const firing = new Set(triggers.map(({ name }) => name));
  const expected = routinesOfSource();
  return [
    ...[...expected.functions].filter(([name, body]) => bodies.get(name) !== body).map(([name]) => `function ${name}`),
    ...expected.triggers.filter(name => !firing.has(name)).map(name => `trigger ${name}`),
  ];
}

const described = (definer: boolean, config: string | null, body: string): string =>
  `${definer ? 'as its owner' : 'as its caller'}, with ${config || 'no settings'}: ${body.trim()}`;

/** What the `.sql` files beside the entities declare; tests hold the migrations to them. */
function routinesOfSource(): Routines {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const files = globSync('*/*.sql', { cwd: root });
  const source = files.map(file => readFileSync(`${root}/${file}`, 'utf8')).join('\n');
  const functions = [...source.matchAll(/create function (\w+)\b([\s\S]*?)\$\$([\s\S]*?)\$\$/g)];
  const triggers = [...source.matchAll(/create (?:constraint )?trigger (\w+)\s[\s\S]*?\bon (\w+)\b/g)];
  return {
    functions: new Map(
      functions.map(([, name = '', head = '', body = '']) => {
        const setting = /^set (\w+) = (.+)$/m.exec(head);
        const config = setting && `${setting[1]}=${setting[2]}`;
        return [name, described(head.includes('security definer'), config, body)];
      }),
    ),
    triggers: triggers.map(([, name = '', table = '']) => `${name} on ${table}`),
  };
}

/** The books are written through one function alone, and that is not for everybody. */
const rightsTooMany = async (orm: MikroORM): Promise<string[]> => {
  const rights = await select<{ name: string }>(
    orm,
    `select coalesce(nullif(x.grantee, 0)::regrole::text, 'public') || ' may ' || lower(x.privilege_type) || ' ' || c.relname as name
     from pg_class c, aclexplode(c.relacl) x
     where c.oid in ('ledger_accounts'::regclass, 'ledger_entries'::regclass, 'transactions'::regclass, 'transaction_fees'::regclass)
       and x.grantee <> c.relowner and x.privilege_type <> 'SELECT'
     union all
     select coalesce(nullif(x.grantee, 0)::regrole::text, 'public') || ' may execute ' || p.proname
     from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
     where p.proname = 'nestegg_post' and x.grantee <> p.proowner
       and x.grantee not in ('nestegg_app'::regrole, 'nestegg_worker'::regrole)
     order by 1`,
  );
  return rights.map(({ name }) => name);
};
