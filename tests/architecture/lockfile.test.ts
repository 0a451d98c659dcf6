import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Package {
  optionalDependencies?: Record<string, string>;
  hasInstallScript?: boolean;
}

const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
const packages = Object.entries<Package>(read('package-lock.json').packages);
const nameOf = (path: string) => path.split('node_modules/').at(-1) ?? path;

test('the lock file has the packages of every platform, so that npm ci works on each', () => {
  const locked = new Set(packages.map(([path]) => nameOf(path)));
  const optional = packages.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies));
  expect(optional.length).toBeGreaterThan(20);
  expect(optional.filter(name => !locked.has(name))).toEqual([]);
});

test('install scripts run for the packages that were reviewed, and no others have any', () => {
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
  expect(scripted.sort()).toEqual(Object.keys(read('package.json').allowScripts).sort());
});
