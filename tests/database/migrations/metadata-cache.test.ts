import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { MetadataCache } from '../../../src/database/migrations/metadata-cache.js';

const cacheDir = mkdtempSync(join(tmpdir(), 'nestegg-metadata-'));
afterAll(() => rmSync(cacheDir, { recursive: true }));

const source = fileURLToPath(import.meta.url);

test('a cached entity that another process has half written is read from its source', () => {
  const cache = new MetadataCache({ cacheDir }, process.cwd());
  expect(cache.get('User.ts', source)).toBeNull();
  cache.set('User.ts', { name: 'User' }, source);
  expect(cache.get('User.ts', source)).toEqual({ name: 'User' });

  const file = join(cacheDir, 'User.ts.json');
  const whole = readFileSync(file, 'utf8');
  for (const half of ['', whole.slice(0, -1)]) {
    writeFileSync(file, half);
    expect(cache.get('User.ts', source)).toBeNull();
  }
});
