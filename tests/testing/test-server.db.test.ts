import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { withClient } from '../../src/testing/sql.js';

const START_AND_STAY = `
  import { startTestServer } from './src/testing/index.js';
  const { url } = await startTestServer();
  process.stdout.write(url);
  setInterval(() => {}, 1000);
`;

test.runIf(inject('postgres').startedHere)(
  'a run that is killed leaves no server and no directory behind',
  async () => {
    const { TEST_DATABASE_URL: _, ...env } = process.env;
    const run = spawn(process.execPath, ['--import', 'tsx', '--input-type', 'module', '--eval', START_AND_STAY], {
      cwd: `${import.meta.dirname}/../..`,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = (await once(run.stdout.setEncoding('utf8'), 'data')) as [string];
    const directory = await withClient(url, async client => {
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      return rows[0]!.data_directory;
    });
    expect(existsSync(directory)).toBe(true);

    run.kill('SIGKILL');

    while (existsSync(directory)) await wait(20);
    await expect(withClient(url, client => client.query('select 1'))).rejects.toThrow('ECONNREFUSED');
  },
);
