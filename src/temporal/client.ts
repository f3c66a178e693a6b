import { Client, Connection, QueryRejectCondition, type ConnectionOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { errorText, StateError } from '../domain/errors.js';
import { elsewhere, serverStatus, startServer } from './embedded-server.js';
import { openHome, readHomeId, taskQueueOf, type Home } from './home.js';
import { findOwnServer, type OwnServer } from './own-server.js';
import { dataConverterFor } from './payload-converter.js';
import { EMBEDDED_NAMESPACE } from './server-settings.js';
import { whyUnreachable } from './why-unreachable.js';

/** A way to a Temporal server, with what belongs to this home on it. */
export interface TitrateConnection {
  /** `own`: the team's server or cloud; `embedded`: the development server of the home. */
  readonly kind: 'own' | 'embedded';
  readonly address: string;
  readonly namespace: string;
  /** Web address of the embedded server's user interface. */
  readonly uiAddress?: string;
  /** The task queue of this home's sweeps. */
  readonly taskQueue: string;
  readonly connection: Connection;
  readonly client: Client;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly home: Home;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told which server is used and how it was found; one line each. */
  readonly log?: (line: string) => void;
  /** Connect to a server that runs only; start none and write nothing. */
  readonly onlyRunning?: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** A page of a history is as large as its 256 events. The SDK asks for as much by a name that is none (1.24.0), so that 4 MiB hold. */
const ROOM = { 'grpc.max_receive_message_length': 128 * 1024 * 1024 };

const dial = async (
  options: ConnectionOptions,
  what: string,
  hintFor: (known: string | undefined) => string,
): Promise<Connection> => {
  try {
    return await Connection.connect({ ...options, channelArgs: ROOM, connectTimeout: CONNECT_TIMEOUT_MS });
  } catch (cause) {
    const why = await whyUnreachable(options);
    const found = why?.found ?? errorText(cause);
    throw new StateError(`cannot reach ${what}: ${found}`, { hint: hintFor(why?.hint), cause });
  }
};

/** What every client of a home has, wherever its server is. */
interface Ours {
  readonly taskQueue: string;
  readonly dataConverter: DataConverter;
}

/** A sweep that was terminated could still be asked, and would answer for ever as if it went on: the server is to refuse that. */
const clientOn = (connection: Connection, namespace: string, { dataConverter }: Ours): Client =>
  new Client({
    connection,
    namespace,
    dataConverter,
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_COMPLETED_CLEANLY },
  });

const connectOwn = async (own: OwnServer, ours: Ours, log: (line: string) => void): Promise<TitrateConnection> => {
  const { address, namespace } = own;
  log(`Temporal server: ${address}, namespace ${namespace} (from the TEMPORAL_ settings)`);
  const hint = 'check TEMPORAL_ADDRESS, TEMPORAL_API_KEY and the TLS settings; unset them to use the embedded server';
  const connection = await dial(own.options, `the Temporal server at ${address}`, (known) => known ?? hint);
  const { taskQueue } = ours;
  const client = clientOn(connection, namespace, ours);
  return { kind: 'own', address, namespace, taskQueue, connection, client, close: () => connection.close() };
};

/** Finds where the home's embedded server runs; starts it unless only a running one is wanted. */
const embeddedAddress = async ({
  home,
  onlyRunning,
  ...options
}: ConnectOptions): Promise<{ address: string; uiAddress: string }> => {
  if (onlyRunning !== true) return startServer(home, options);
  const status = await serverStatus(home);
  if (status.state === 'running') return status.record;
  if (status.state === 'elsewhere') throw elsewhere(home, status);
  throw new StateError(`the Temporal server of ${home.root} is not running (${status.state})`, {
    hint: 'titrate server start',
  });
};

const connectEmbedded = async (options: ConnectOptions, ours: Ours): Promise<TitrateConnection> => {
  const { address, uiAddress } = await embeddedAddress(options);
  const what = `the embedded Temporal server at ${address}`;
  const connection = await dial({ address }, what, () => 'titrate server status');
  const namespace = EMBEDDED_NAMESPACE;
  return {
    kind: 'embedded',
    address,
    namespace,
    uiAddress,
    taskQueue: ours.taskQueue,
    connection,
    client: clientOn(connection, namespace, ours),
    close: () => connection.close(),
  };
};

/**
 * Connects to the team's own server when TEMPORAL_ or CLI settings name one, and else to the home's embedded server,
 * which it starts when it does not run. @throws StateError when the server cannot be reached or started, InputError when
 * the encryption keys that the environment names cannot be used.
 */
export const connect = async (options: ConnectOptions): Promise<TitrateConnection> => {
  const { home, env = process.env, log = () => {}, onlyRunning } = options;
  const dataConverter = dataConverterFor(env);
  const homeId = onlyRunning === true ? ((await readHomeId(home)) ?? 'none') : await openHome(home);
  const ours = { taskQueue: taskQueueOf(homeId, env), dataConverter };
  const own = findOwnServer(env);
  return own === undefined ? connectEmbedded({ ...options, env, log }, ours) : connectOwn(own, ours, log);
};
