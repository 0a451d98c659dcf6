import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { soak } from './soak-run.js';

test('whatever fails, what was acknowledged is stored once, and what failed is not stored', async () => {
  const seed = Number(process.env.SOAK_SEED) || randomInt(2 ** 31);
  console.log(`SOAK_SEED=${seed}`);
  const report = await soak({ seconds: 10, seed });
  console.log(report);
  expect(report.wrong).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(Object.keys(report.faults).length).toBeGreaterThan(3);
}, 120_000);
