/**
 * Which server a sweep runs on: the id of its namespace there, which no other server has and no change of address changes. It
 * lies in the sweep's folder, so that a look from another server (with settings forgotten, say) takes none of its jobs for orphans.
 */
import { Connection, type Client } from '@temporalio/client';
import { z } from 'zod';
import { serverStatus } from './embedded-server.js';
import { sweepPaths, type Home } from './home.js';
import { readJsonFile, writeJsonFile } from './server-record.js';
import { EMBEDDED_NAMESPACE } from './server-settings.js';

const SweepServer = z.object({
  namespaceId: z.string(),
  /** Is it the home's embedded server? With a new database its namespace has another id. */
  embedded: z.boolean(),
});
type SweepServer = z.infer<typeof SweepServer>;

/** The id of a namespace; undefined when the server does not tell. */
const namespaceIdOf = async (
  { workflowService }: Pick<Client, 'workflowService'>,
  namespace: string,
): Promise<string | undefined> => {
  const answer = await workflowService.describeNamespace({ namespace }).catch(() => undefined);
  return answer?.namespaceInfo?.id ?? undefined;
};

const embeddedNamespaceId = async (home: Home): Promise<string | undefined> => {
  const status = await serverStatus(home);
  if (status.state !== 'running') return undefined;
  const connection = await Connection.connect({ address: status.record.address }).catch(() => undefined);
  if (connection === undefined) return undefined;
  try {
    return await namespaceIdOf(connection, EMBEDDED_NAMESPACE);
  } finally {
    await connection.close();
  }
};

const serverOf = async (home: Home, client: Client): Promise<SweepServer | undefined> => {
  const namespaceId = await namespaceIdOf(client, client.options.namespace);
  if (namespaceId === undefined) return undefined;
  return { namespaceId, embedded: namespaceId === (await embeddedNamespaceId(home)) };
};

/** Notes that a sweep runs on this server. @throws StateError when the disk refuses. */
export const noteServer = async (home: Home, sweepId: string, client: Client): Promise<void> => {
  const here = await serverOf(home, client);
  if (here !== undefined) await writeJsonFile(sweepPaths(home, sweepId).server, here);
};

/** Was a sweep started on another server? Not as far as is known of one that left no note. */
export const isElsewhere = async (home: Home, sweepId: string, client: Client): Promise<boolean> => {
  const noted = await readJsonFile(sweepPaths(home, sweepId).server, SweepServer);
  const here = noted && (await serverOf(home, client));
  if (noted === undefined || here === undefined) return false;
  return noted.namespaceId !== here.namespaceId && !(noted.embedded && here.embedded);
};
