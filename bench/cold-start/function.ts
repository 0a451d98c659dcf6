/** A function of the kind that a cloud starts for one request: reads one row on behalf of a user, and says how long what took. */
import { readFileSync } from 'node:fs';

const started = performance.now();
const { asUser, openDatabase } = await import('../../src/index.js');
const loaded = performance.now();
const metadata = process.env.METADATA && JSON.parse(readFileSync(process.env.METADATA, 'utf8'));
const orm = await openDatabase(
  { kind: 'server', url: process.env.URL_OF_DATABASE!, profile: 'serverless' },
  metadata && { metadata },
);
const opened = performance.now();
await orm.em.execute('select 1');
const connected = performance.now();
const rows = await asUser(orm.em, process.env.USER_ID!, em => em.execute('select id from users'));
const read = performance.now();
if (rows.length !== 1) throw new Error(`${rows.length} rows instead of 1.`);
process.stdout.write(
  JSON.stringify({
    node: started,
    load: loaded - started,
    orm: opened - loaded,
    connect: connected - opened,
    read: read - connected,
    whole: read,
  }),
);
await orm.close();
