import { userInfo } from 'node:os';
import type { Home } from '../temporal/home.js';
import { lookForOrphans, stopOrphans, type Look, type Stopped } from '../temporal/orphans.js';
import type { Invocation, Outcome } from './command.js';
import { EXIT } from './exit-codes.js';

type Orphan = Look['orphans'][number];

const orphanLines = ({ key, why, launcher, native, folder, since, state }: Orphan): string[] => [
  key,
  `    why    ${why}`,
  `    where  ${launcher}${native === '' ? '' : `, ${native}`}${state === 'unknown' ? ' (nobody can tell whether it runs)' : ''}`,
  `    folder ${folder}`,
  `    since  ${since}`,
];

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const headLine = ({ orphans, open, sweeps }: Look): string => {
  const seen = `${count(open, 'job', 'jobs')} that ${open === 1 ? 'has' : 'have'} not ended, ${count(sweeps, 'sweep', 'sweeps')}`;
  return orphans.length === 0
    ? `No orphan: every job is owned by a trial (${seen}).`
    : `${count(orphans.length, 'job', 'jobs')} that no trial owns (${seen}):`;
};

const tailLines = (look: Look): string[] => [
  ...look.adopted.map(
    (key) => `${key}: its trial’s workflow was gone, or its end was not heard of; the sweep looks at it again`,
  ),
  ...look.troubles.map(({ sweep, trouble }) => `${sweep} could not be looked at: ${trouble}`),
  ...(look.unjudged > 0
    ? [
        `${count(look.unjudged, 'job', 'jobs')} could not be judged: ${look.noServer ?? 'their sweeps were started on another server than this one'}`,
      ]
    : []),
];

const stopLine = ({ key, stopped, why }: Stopped): string =>
  stopped ? `stopped ${key}` : `NOT stopped ${key}: ${why ?? ''}`;

const stopAll = async (invocation: Invocation, home: Home, look: Look): Promise<Outcome> => {
  const tell = ({ key, why }: Orphan): void => invocation.io.note(`stopping ${key}: ${why}`);
  const results = await stopOrphans(home, look.orphans, userInfo().username, tell);
  const left = results.filter(({ stopped }) => !stopped);
  const isWell = left.length === 0 && look.troubles.length === 0;
  return {
    exitCode: isWell ? EXIT.ok : EXIT.environment,
    json: { ok: isWell, ...look, stopped: results },
    text: [headLine(look), ...results.map(stopLine), ...tailLines(look)].join('\n'),
  };
};

/** `titrate doctor --orphans [--stop]`. */
export const orphans = async (invocation: Invocation, home: Home): Promise<Outcome> => {
  const look = await lookForOrphans({ home });
  if (invocation.flags['stop'] === true) return stopAll(invocation, home, look);
  const isWell = look.orphans.length === 0 && look.troubles.length === 0;
  const advice =
    look.orphans.length === 0 ? [] : ['', 'They run on until you stop them: titrate doctor --orphans --stop'];
  return {
    exitCode: isWell ? EXIT.ok : EXIT.environment,
    json: { ok: isWell, ...look },
    text: [headLine(look), ...look.orphans.flatMap(orphanLines), ...tailLines(look), ...advice].join('\n'),
  };
};
