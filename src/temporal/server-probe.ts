import { Connection } from '@temporalio/client';
import { EMBEDDED_NAMESPACE } from './server-settings.js';
import { prepareNamespace } from './namespace.js';

/** Opens a connection to an embedded server; undefined when it does not answer within `timeoutMs`. */
const tryConnect = (address: string, timeoutMs: number): Promise<Connection | undefined> =>
  Connection.connect({ address, connectTimeout: timeoutMs }).catch(() => undefined);

/** Does a Temporal server answer at this address, with its namespace there? */
export const answers = async (address: string, timeoutMs = 2000): Promise<boolean> => {
  const connection = await tryConnect(address, timeoutMs);
  if (connection === undefined) return false;
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace: EMBEDDED_NAMESPACE }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
};

/** Sets up retention and search attributes of a server that answers. */
export const prepareServer = async (address: string): Promise<void> => {
  const connection = await Connection.connect({ address });
  try {
    await prepareNamespace(connection, EMBEDDED_NAMESPACE);
  } finally {
    await connection.close();
  }
};
