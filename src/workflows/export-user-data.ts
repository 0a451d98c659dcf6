import type { ReadingEntityManager } from '../database/index.js';
import { UserAt } from '../identity/index.js';
import { type Clock, NotFoundError, parseInput, systemClock } from '../shared/index.js';

/** A row by the names of its columns, as JSON has it: decimals as text, instants in ISO 8601 UTC, dates `YYYY-MM-DD`. */
export type ExportedRow = Record<string, unknown>;

export interface UserDataExport {
  userId: string;
  exportedAt: string;
  /** Every table that has rows of users, also where this one has none; oldest row first. */
  tables: Record<string, ExportedRow[]>;
}

/**
 * Everything that is stored about one user, as one document that `JSON.stringify` takes as it is: the state of one moment,
 * read in one statement. All of it is in memory at once; ten years of a busy user are some ten megabytes.
 *
 * It is made from the entities, so a table that is added is in it. What others decided about others is not, although the
 * user may be named in it as the one who decided.
 * @param em of an `asUser` for people themselves: the database then shows nobody else's rows. Of an `asReader` for others.
 * @throws {NotFoundError} also when it is somebody else.
 */
export async function exportUserData(
  em: ReadingEntityManager,
  input: UserAt,
  clock: Clock = systemClock,
): Promise<UserDataExport> {
  const { userId } = parseInput(UserAt, input);
  const owned = ownedTables(em);
  const found = await em.execute<{ name: string; rows: string }[]>(
    owned.map(selection).join(' union all '),
    owned.map(() => userId),
  );
  const rows = new Map(found.map(({ name, rows }) => [name, JSON.parse(rows) as ExportedRow[]]));
  if (rows.get('users')?.length !== 1) throw new NotFoundError('user');
  const tables = owned.map(table => [table.name, rows.get(table.name)!.map(row => exported(row, table))]);
  return { userId, exportedAt: clock.now().toISOString(), tables: Object.fromEntries(tables) };
}

interface OwnedTable {
  name: string;
  /** The column that says whose a row is. */
  owner: string;
  /** The type of every column. */
  columns: ReadonlyMap<string, string>;
}

function ownedTables(em: ReadingEntityManager): OwnedTable[] {
  const tables = [...em.getMetadata().getAll().values()].flatMap(({ tableName: name, props }): OwnedTable[] => {
    const columns = new Map<string, string>();
    for (const { fieldNames = [], columnTypes = [] } of props)
      for (const [index, column] of fieldNames.entries()) columns.set(column, columnTypes[index]!);
    if (name === 'users') return [{ name, owner: 'id', columns }];
    return columns.has('user_id') ? [{ name, owner: 'user_id', columns }] : [];
  });
  return tables.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** JSON's numbers are no place for money: decimals leave the database as text. */
function selection({ name, owner, columns }: OwnedTable): string {
  const decimals = [...columns].filter(([, type]) => /^(numeric|bigint)/.test(type));
  const asText = decimals.map(([column]) => `'${column}', t.${column}::text`).join(', ');
  const row = asText ? `to_jsonb(t) || jsonb_build_object(${asText})` : 'to_jsonb(t)';
  const order = columns.has('id') ? ' order by t.id' : '';
  return `select '${name}' as name, coalesce(json_agg(${row}${order}), '[]')::text as rows from ${name} t where t.${owner} = ?`;
}

/** PostgreSQL writes an instant with the offset of the session; in the document all are in UTC. */
function exported(row: ExportedRow, { columns }: OwnedTable): ExportedRow {
  const value = ([column, type]: [string, string]) =>
    type.startsWith('timestamptz') && row[column] ? new Date(row[column] as string).toISOString() : row[column];
  return Object.fromEntries([...columns].map(entry => [entry[0], value(entry)]));
}
