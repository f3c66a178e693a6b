// The six laws of who may import whom, as the program runs: imports of types alone are not followed here (see
// .dependency-cruiser-rooms.cjs for those). Each rule is proven by a planted violation in test/architecture.test.ts.
const { builtinModules } = require('node:module');

const names = builtinModules.filter((name) => !name.startsWith('_')).map((name) => name.replaceAll('/', '\\/'));
const NODE_MODULES_OF_ITS_OWN = `^(node:)?(${names.join('|')})$`;
const PURE_ROOMS = '^src/(domain|surrogate|policy|simulators|reports)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      // Law 1. A decision is a function of its inputs: replay, tests, backtests and production get the same one, in a
      // browser too. (Clocks and global chance are no imports: .oxlintrc.json and the same test forbid them.)
      name: 'pure-rooms-import-no-node-module',
      severity: 'error',
      from: { path: PURE_ROOMS },
      to: { path: NODE_MODULES_OF_ITS_OWN, reachable: true },
    },
    {
      // Law 2. Workflows run in a sandbox that has no Node module, so none may be reached through any file.
      name: 'workflows-reach-no-node-module',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: NODE_MODULES_OF_ITS_OWN, reachable: true },
    },
    {
      // Law 3. What workflows compute has to replay for years: it comes from the domain alone, the rest by activities.
      name: 'workflows-import-values-from-domain-only',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/', pathNot: '^src/(domain|workflows)/' },
    },
    {
      // Law 4. The worker brings native code and a compiler: what only talks to a server, or is a library, stays free of it.
      name: 'clients-never-reach-the-worker',
      severity: 'error',
      from: { path: '^src/(dashboard/|temporal/client\\.ts$|index\\.ts$)' },
      to: { path: '(^|/)@temporalio/worker(/|$)', reachable: true },
    },
    {
      // Law 5, first half. A room's folders are its own business: from outside, import its root files.
      name: 'rooms-are-entered-by-their-root-files',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/[^/]+/', pathNot: '^src/$1/' },
    },
    {
      // Law 5, second half. What imports in a circle cannot be understood, tested or loaded by parts.
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      // Law 6. A wrapper stays beside every job for days, and a machine runs many: it loads Node's own modules and a few
      // files of ours.
      name: 'job-wrapper-loads-no-package',
      severity: 'error',
      from: { path: '^src/launchers/job-wrapper\\.ts$' },
      to: { path: 'node_modules/', reachable: true },
    },
    {
      // A name that leads nowhere would slip past every law above.
      name: 'imports-lead-somewhere',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts'],
    },
  },
};
