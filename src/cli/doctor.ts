import { InputError } from '../domain/errors.js';
import { examine } from '../temporal/doctor.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { orphans } from './orphans.js';

const stopNeedsOrphans = (): InputError =>
  new InputError('this command line cannot be used', [
    { path: '--stop', expected: '--orphans with it', found: 'none' },
  ]);

/** `titrate doctor`. */
export const doctor = async (invocation: Invocation): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  if (invocation.flags['orphans'] === true) return orphans(invocation, home);
  if (invocation.flags['stop'] === true) throw stopNeedsOrphans();
  const checks = await examine({ home });
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, detail, mend }) => [
    `${ok ? 'ok  ' : 'MEND'}  ${name.padEnd(width)}  ${detail}`,
    ...(mend === undefined ? [] : [`${' '.repeat(width + 8)}-> ${mend}`]),
  ]);
  const isWell = checks.every(({ ok }) => ok);
  return {
    exitCode: isWell ? EXIT.ok : EXIT.environment,
    json: { ok: isWell, checks },
    text: [...lines, '', isWell ? 'All is well.' : 'Some things need mending, see the arrows.'].join('\n'),
  };
};
