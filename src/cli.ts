import { z } from 'zod';
import * as nestegg from './index.js';

const USAGE = `npm run nestegg -- gate      is the database exactly what the code expects? Exits with 1 when it is not
npm run nestegg -- schemas   the JSON Schema of every input, as one document
`;

/** Says whether a database may be deployed against: pending and edited files, drift of tables, functions and triggers. */
async function gate(): Promise<number> {
  nestegg.loadDotEnv();
  const orm = await nestegg.openDatabase(nestegg.targetFromEnvironment(), { quiet: true });
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
function schemas(): number {
  const documents = Object.entries<unknown>(nestegg).flatMap(([name, schema]) =>
    schema instanceof z.ZodType ? [[name, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })]] : [],
  );
  console.log(JSON.stringify(Object.fromEntries(documents), null, 2));
  return 0;
}

const COMMANDS: Record<string, () => number | Promise<number>> = { gate, schemas };

const command = COMMANDS[process.argv[2] ?? ''];
if (!command) process.stderr.write(USAGE);
try {
  process.exitCode = command ? await command() : 2;
} catch (error) {
  if (!(error instanceof nestegg.NesteggError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
