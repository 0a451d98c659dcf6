import { parseArgs } from 'node:util';
import { z } from 'zod';
import * as nestegg from './index.js';

const USAGE = `npx nestegg doctor    can the database be reached, and is it set up as the application expects?
                      --invariants looks at all the books too; --json for programs
npx nestegg gate      is the database exactly what the code expects? For deployments, as the owner
npx nestegg schemas   the JSON Schema of every input, as one document
npx nestegg metadata  what openDatabase takes as metadata, made when the application is built

Exit codes: 0 all is well; 1 something was found; 2 the database cannot be used; 64 wrong use.
`;

const WRONG_USE = 64;

/** Tries out the connection that the environment configures, and says line by line what was found. */
async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { invariants: { type: 'boolean' }, json: { type: 'boolean' } } });
  const target = nestegg.targetFromEnvironment();
  const orm = await nestegg.openDatabase(target, { quiet: true });
  const opened = [orm];
  try {
    const options: nestegg.DiagnoseOptions = {};
    if (process.env.MIGRATOR_DATABASE_URL) {
      options.owner = await nestegg.openDatabase(nestegg.migratorTargetFromEnvironment(), { quiet: true });
      opened.push(options.owner);
    }
    if (values.invariants) {
      const patient = target.kind === 'server' ? await nestegg.openDatabase(patiently(target), { quiet: true }) : orm;
      if (patient !== orm) opened.push(patient);
      options.invariants = () => nestegg.asReader(patient.em, nestegg.checkInvariants);
    }
    const diagnosis = await nestegg.diagnose(orm, options);
    console.log(values.json ? JSON.stringify(diagnosis, null, 2) : told(diagnosis));
    if (!diagnosis.reachable) return 2;
    return diagnosis.checks.some(({ verdict }) => verdict === 'problem') ? 1 : 0;
  } finally {
    for (const each of opened) await each.close();
  }
}

/** Reading whole tables takes longer than a request may. Behind a pooler the limit is the role's. */
const patiently = (target: nestegg.ServerTarget): nestegg.ServerTarget => ({
  ...target,
  timeouts: { ...target.timeouts, answerMs: 0, ...((target.profile ?? 'server') === 'server' && { statementMs: 0 }) },
});

const MARKS = { ok: 'ok       ', note: 'note     ', problem: 'PROBLEM  ' };

function told({ checks }: nestegg.Diagnosis): string {
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  const lines = checks.flatMap(({ name, verdict, message, next }, i) => [
    `${MARKS[verdict]}${name.padEnd(width)}${message}`,
    // What helps against several in a row is said once.
    ...(next && next !== checks[i + 1]?.next ? [`${' '.repeat(MARKS.ok.length + width)}-> ${next}`] : []),
  ]);
  return lines.join('\n');
}

/** Says whether a database may be deployed against: pending and edited files, drift of tables, functions and triggers. */
async function gate(args: string[]): Promise<number> {
  parseArgs({ args });
  const orm = await nestegg.openDatabase(nestegg.migratorTargetFromEnvironment(), { quiet: true });
  try {
    const inspection = await nestegg.inspectDatabase(orm);
    for (const [kind, findings] of Object.entries(inspection))
      for (const finding of findings) console.log(`${kind}: ${finding}`);
    console.log(
      nestegg.isAsExpected(inspection)
        ? 'The database is exactly what the code expects.'
        : 'The database is not what the code expects.',
    );
    return nestegg.isAsExpected(inspection) ? 0 : 1;
  } finally {
    await orm.close();
  }
}

/** Every exported Zod schema as JSON Schema, by name: what callers send, before it is parsed. */
function schemas(args: string[]): number {
  parseArgs({ args });
  const documents = Object.entries<unknown>(nestegg).flatMap(([name, schema]) =>
    schema instanceof z.ZodType ? [[name, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })]] : [],
  );
  console.log(JSON.stringify(Object.fromEntries(documents), null, 2));
  return 0;
}

/** What is read from the sources of the entities, as JSON. */
async function metadata(args: string[]): Promise<number> {
  parseArgs({ args });
  process.stdout.write(await nestegg.pregenerateMetadata(nestegg.ENTITIES));
  return 0;
}

const COMMANDS: Record<string, (args: string[]) => number | Promise<number>> = { doctor, gate, schemas, metadata };

async function run([name = '', ...args]: string[]): Promise<number> {
  const command = COMMANDS[name];
  if (!command) {
    process.stderr.write(USAGE);
    return WRONG_USE;
  }
  try {
    nestegg.loadDotEnv();
    return await command(args);
  } catch (error) {
    const isUsage = error instanceof TypeError && 'code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS');
    // What a driver throws says too much, such as the statement.
    const known = nestegg.translateError(error);
    if (isUsage) process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    else if (known instanceof nestegg.NesteggError) process.stderr.write(`${known.message}\n`);
    else throw error;
    return isUsage || error instanceof nestegg.ConfigurationError ? WRONG_USE : 2;
  }
}

process.exitCode = await run(process.argv.slice(2));
