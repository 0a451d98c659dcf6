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
}

/** Compares a database with the code: a deployment that finds a difference should stop. Reads only. */
export async function inspectDatabase(orm: MikroORM): Promise<Inspection> {
  const migrator = orm.migrator as unknown as SingleRunnerMigrator;
  const pending = (await migrator.getPending()).map(({ name }) => name);
  const edited = await migrator.edited();
  const sql = pending.length > 0 ? '' : await orm.schema.getUpdateSchemaSQL({ wrap: false });
  return {
    pending,
    edited,
    drift: sql.split('\n').filter(line => line.trim()),
    routines: pending.length > 0 ? [] : await routineDrift(orm),
  };
}

export const isAsExpected = (inspection: Inspection): boolean =>
  Object.values(inspection).every(list => list.length === 0);

async function routineDrift(orm: MikroORM): Promise<string[]> {
  const execute = <T extends object>(query: string) => orm.em.getDriver().execute<T[]>(query);
  const functions = await execute<{ name: string; body: string }>(
    `select p.proname as name, p.prosrc as body from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public'`,
  );
  const bodies = new Map(functions.map(({ name, body }) => [name, body]));
  const triggers = await execute<{ name: string }>(
    `select tgname as name from pg_trigger where not tgisinternal and tgenabled = 'O'`,
  );
  const enabled = new Set(triggers.map(({ name }) => name));
  const { functions: expected, triggers: wanted } = routinesOfSource();
  return [
    ...[...expected].filter(([name, body]) => bodies.get(name)?.trim() !== body).map(([name]) => `function ${name}`),
    ...wanted.filter(name => !enabled.has(name)).map(name => `trigger ${name}`),
  ];
}

/** What the `.sql` files beside the entities declare; tests hold the migrations to them. */
function routinesOfSource(): { functions: Map<string, string>; triggers: string[] } {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const source = globSync('*/*.sql', { cwd: root })
    .map(file => readFileSync(`${root}/${file}`, 'utf8'))
    .join('\n');
  const functions = [...source.matchAll(/create function (\w+)\b[\s\S]*?\$\$([\s\S]*?)\$\$/g)];
  const triggers = [...source.matchAll(/create (?:constraint )?trigger (\w+)/g)];
  return {
    functions: new Map(functions.map(([, name = '', body = '']) => [name, body.trim()])),
    triggers: triggers.map(([, name = '']) => name),
  };
}
