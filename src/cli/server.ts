import { InputError } from '../domain/errors.js';
import { nearestWord } from '../domain/nearest-word.js';
import { serverStatus, startServer, stopServer, type ServerStatus } from '../temporal/embedded-server.js';
import { readHomeId, resolveHome, taskQueueOf, type Home } from '../temporal/home.js';
import { findOwnServer } from '../temporal/own-server.js';
import { EMBEDDED_NAMESPACE } from '../temporal/server-settings.js';
import { stopWorker } from '../temporal/worker-process.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';

const ACTIONS = ['start', 'stop', 'status'] as const;
type Action = (typeof ACTIONS)[number];

const HIGHEST_PORT = 65_535;

const portFlag = (invocation: Invocation, name: string): number | undefined => {
  const given = textFlag(invocation, name);
  if (given === undefined) return undefined;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 1 && port <= HIGHEST_PORT) return port;
  throw new InputError('this command line cannot be used', [
    { path: `--${name}`, expected: `a port, 1 to ${HIGHEST_PORT}`, found: JSON.stringify(given) },
  ]);
};

const start = async (invocation: Invocation, home: Home): Promise<Outcome> => {
  const { io } = invocation;
  const port = portFlag(invocation, 'port');
  const uiPort = portFlag(invocation, 'ui-port');
  const record = await startServer(home, { port, uiPort, log: (line) => io.note(line) });
  const { address, uiAddress, pid } = record;
  return {
    exitCode: EXIT.ok,
    json: { state: 'running', address, uiAddress, pid },
    text: `Temporal server running at ${address}, web interface ${uiAddress} (process ${pid})`,
  };
};

/** The worker of an embedded server has nothing to do without it. */
const stopItsWorker = async (home: Home): Promise<boolean> => {
  const homeId = await readHomeId(home);
  if (homeId === undefined) return false;
  return stopWorker(home, {
    kind: 'embedded',
    address: '',
    namespace: EMBEDDED_NAMESPACE,
    taskQueue: taskQueueOf(homeId),
  });
};

const stop = async (home: Home): Promise<Outcome> => {
  const worker = await stopItsWorker(home);
  const stopped = await stopServer(home);
  const said = stopped ? 'Temporal server stopped' : 'no Temporal server was running';
  return {
    exitCode: EXIT.ok,
    json: { stopped, workerStopped: worker },
    text: `${said}${worker ? '; its worker too' : ''}. Sweeps wait, and go on when they are run again.`,
  };
};

/** Why it cannot be judged from here. */
const reasonOf = (found: ServerStatus): { readonly reason?: string } =>
  found.state === 'elsewhere' ? { reason: found.reason } : {};

const status = async (home: Home): Promise<Outcome> => {
  const found = await serverStatus(home);
  const own = findOwnServer();
  const ownText =
    own === undefined ? '' : `\nSweeps run on ${own.address}, namespace ${own.namespace} (TEMPORAL_ settings)`;
  if (found.state === 'none') {
    return {
      exitCode: EXIT.ok,
      json: { state: 'none', own: own?.address ?? null },
      text: `no embedded server in ${home.root} yet${ownText}`,
    };
  }
  const { address, uiAddress, pid } = found.record;
  const where =
    found.state === 'running' ? ` at ${address}, web interface ${uiAddress} (process ${pid})` : ` (last at ${address})`;
  return {
    exitCode: EXIT.ok,
    json: { state: found.state, address, uiAddress, pid, own: own?.address ?? null, ...reasonOf(found) },
    text: `embedded server: ${found.state}${where}${found.state === 'elsewhere' ? `: ${found.reason}` : ''}${ownText}`,
  };
};

const readAction = (word: string): Action => {
  const action = ACTIONS.find((known) => known === word);
  if (action !== undefined) return action;
  const nearest = nearestWord(word, ACTIONS);
  const expected = `one of ${ACTIONS.join(', ')}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`;
  throw new InputError(
    'this command line cannot be used',
    [{ path: 'server', expected, found: JSON.stringify(word) }],
    {
      hint: 'titrate server --help',
    },
  );
};

/** `titrate server start|stop|status`. */
export const server = async (invocation: Invocation): Promise<Outcome> => {
  const action = readAction(invocation.positionals[0] ?? '');
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  if (action === 'start') return start(invocation, home);
  return action === 'stop' ? stop(home) : status(home);
};
