// Which room may import from which, types included: the picture in ARCHITECTURE.md.
const { options } = require('./.dependency-cruiser.cjs');

/** Room to the rooms it may import from; its own files always. */
const ROOMS = {
  domain: [],
  surrogate: ['domain'],
  policy: ['domain', 'surrogate'],
  simulators: ['domain'],
  host: ['domain'],
  launchers: ['domain', 'host'],
  reports: ['domain'],
  ledger: ['domain', 'host'],
  evidence: ['domain', 'policy', 'simulators', 'ledger', 'audit', 'reports'],
  activities: ['domain', 'policy', 'ledger'],
  audit: ['domain', 'host', 'ledger', 'launchers', 'policy'],
  workflows: ['domain'], // and types from activities
  dashboard: ['domain', 'reports', 'ledger', 'temporal'],
  cli: ['domain', 'host', 'reports', 'ledger', 'audit', 'evidence', 'temporal'],
};

const TYPES_TOO = { workflows: 'activities' };

const roomRule = ([room, others]) => ({
  name: `${room}-imports-${others.length === 0 ? 'nothing' : others.join('-')}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: `^src/(${[room, ...others].join('|')})/`,
    ...(TYPES_TOO[room] === undefined ? {} : { dependencyTypesNot: ['type-only'] }),
  },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(ROOMS).map(roomRule),
    ...Object.entries(TYPES_TOO).map(([room, other]) => ({
      name: `${room}-imports-types-from-${other}-only`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: {
        path: '^src/',
        pathNot: `^src/(${[room, other, ...ROOMS[room]].join('|')})/`,
        dependencyTypes: ['type-only'],
      },
    })),
  ],
  options: { ...options, tsPreCompilationDeps: true },
};
