/** A real embedded server in a home of its own, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll } from 'vitest';
import { startServer, stopServer } from '../../src/temporal/embedded-server.js';
import { homeAt, openHome, taskQueueOf, type Home } from '../../src/temporal/home.js';
import { EMBEDDED_NAMESPACE } from '../../src/temporal/server-settings.js';

export interface RealServer {
  readonly home: Home;
  readonly homeId: string;
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly connection: Connection;
  readonly client: Client;
}

/** Makes an empty home under the temporary folder. */
export const temporaryHome = async (): Promise<Home> => homeAt(await mkdtemp(join(tmpdir(), 'titrate-test-')));

/** Stops the home's server and removes the home. */
export const removeHome = async (home: Home): Promise<void> => {
  await stopServer(home);
  await rm(home.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
};

/** Starts one server before the file's tests and removes it after them; call the result inside a test or hook. */
export const withServer = (): (() => RealServer) => {
  let server: RealServer | undefined;
  let home: Home | undefined;
  beforeAll(async () => {
    home = await temporaryHome();
    const homeId = await openHome(home);
    const { address } = await startServer(home, { log: (line) => console.log(line) });
    const connection = await Connection.connect({ address });
    const client = new Client({ connection, namespace: EMBEDDED_NAMESPACE });
    const taskQueue = taskQueueOf(homeId, {});
    server = { home, homeId, address, namespace: EMBEDDED_NAMESPACE, taskQueue, connection, client };
  });
  afterAll(async () => {
    await server?.connection.close();
    if (home !== undefined) await removeHome(home);
  });
  return () => {
    if (server === undefined) throw new Error('the server is there only inside tests and hooks');
    return server;
  };
};
