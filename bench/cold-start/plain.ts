/** The same with `pg` alone, as the least that it can cost. */
const started = performance.now();
const { default: pg } = await import('pg');
const loaded = performance.now();
const client = new pg.Client({ connectionString: process.env.URL_OF_DATABASE! });
await client.connect();
const connected = performance.now();
await client.query('begin');
await client.query('select nestegg_enter($1, $2)', ['nestegg_app', process.env.USER_ID!]);
const { rows } = await client.query('select id from users');
await client.query('commit');
const read = performance.now();
if (rows.length !== 1) throw new Error(`${rows.length} rows instead of 1.`);
process.stdout.write(
  JSON.stringify({
    node: started,
    load: loaded - started,
    orm: 0,
    connect: connected - loaded,
    read: read - connected,
    whole: read,
  }),
);
await client.end();
