/**
 * Who may import whom. Each context names the ones right below it; what those may import, it may import too.
 * A folder of src/ that is not in this table may import nothing, so a new context starts by taking its place here.
 */
const RIGHT_BELOW = {
  shared: [],
  database: ['shared'],
  identity: ['database'],
  outbox: ['identity'],
  market: ['identity'],
  ledger: ['market', 'outbox'],
  portfolio: ['ledger'],
  lending: ['portfolio'],
  advice: ['portfolio'],
  automation: ['portfolio'],
  gamification: ['ledger'],
  notifications: ['identity'],
};
const contexts = Object.keys(RIGHT_BELOW);

const below = context => [...new Set(RIGHT_BELOW[context].flatMap(next => [next, ...below(next)]))];
const folders = names => `^src/(${names.join('|')})/`;

const mayImport = (from, allowed) => ({
  name: `${from}-imports-only-what-is-below`,
  severity: 'error',
  from: { path: folders([from]) },
  to: { path: '^src/', pathNot: folders([from, ...allowed]) },
});

module.exports = {
  forbidden: [
    ...contexts.map(context => mayImport(context, below(context))),
    mayImport('workflows', contexts),
    mayImport('testing', contexts),
    {
      name: 'every-folder-has-its-place',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: folders([...contexts, 'workflows', 'testing']) },
      to: { path: '^src/' },
    },
    {
      name: 'front-door-leaves-testing-out',
      comment: 'Test tools have an entry of their own: production never loads them.',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'only-through-the-front-door',
      comment: "Another folder's files are reached through its index.ts.",
      severity: 'error',
      from: { path: '^src/([^/]+)' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/[^/]+/index\\.ts$', '^src/$1/'] },
    },
    {
      name: 'not-through-the-own-front-door',
      comment: 'Inside a folder import the sibling file: its index.ts leads back to the importer.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'no-cycle-across-folders',
      severity: 'error',
      from: { path: '^src/([^/]+)' },
      to: { circular: true, pathNot: '^src/$1/' },
    },
    {
      name: 'src-stands-alone',
      comment: 'What is published imports nothing that is not.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|seeders|bench|migrations)/|^[^/]+\\.ts$' },
    },
    {
      name: 'src-runs-without-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'every-import-resolves',
      comment: 'An import that is not resolved is not checked either.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Type-only imports count.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json', '.d.ts'],
    },
  },
};
