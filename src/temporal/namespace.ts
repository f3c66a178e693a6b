import proto from '@temporalio/proto';
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/messages.js';
import { StateError } from '../domain/errors.js';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const TYPES = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  Double: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
} as const;

const RETENTION_SECONDS = 90 * 24 * 3600; // the longest that every kind of server accepts; the default is one day
const WAIT_MS = 15_000;
const POLL_MS = 100;

/** Keeps closed workflows of the namespace for 90 days. */
const raiseRetention = async (connection: Connection, namespace: string): Promise<void> => {
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: RETENTION_SECONDS as never } },
  });
};

/** Names titrate's search attributes that the namespace lacks. Needs the operator service. */
export const missingSearchAttributes = async (connection: Connection, namespace: string): Promise<string[]> => {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(SEARCH_ATTRIBUTES).filter((name) => !(name in (customAttributes ?? {})));
};

/** Can workflows be found by titrate's search attributes? Asks by a query, which every server and cloud role allows. */
export const visibilityReady = async (connection: Connection, namespace: string): Promise<boolean> => {
  const tests = Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) =>
    type === 'Double' ? `${name} > 1` : `${name} = 'x'`,
  );
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query: tests.join(' AND ') });
    return true;
  } catch (error) {
    if (isInvalidArgument(error)) return false;
    throw error;
  }
};

const GRPC_INVALID_ARGUMENT = 3;
const isInvalidArgument = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === GRPC_INVALID_ARGUMENT;

/** Registers the search attributes that are missing and waits until they can be used. @throws StateError after 15 s. */
const addSearchAttributes = async (connection: Connection, namespace: string): Promise<void> => {
  const missing = await missingSearchAttributes(connection, namespace);
  const types = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => missing.includes(name));
  if (missing.length > 0) {
    const searchAttributes = Object.fromEntries(types.map(([name, type]) => [name, TYPES[type]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  }
  const end = Date.now() + WAIT_MS;
  while (!(await visibilityReady(connection, namespace))) {
    if (Date.now() > end) {
      throw new StateError(
        `search attributes ${missing.join(', ')} were registered, but cannot be used after ${WAIT_MS / 1000} s`,
      );
    }
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
};

/** Prepares a namespace of an embedded server: retention first, since the default deletes ended sweeps after a day. */
export const prepareNamespace = async (connection: Connection, namespace: string): Promise<void> => {
  await raiseRetention(connection, namespace);
  await addSearchAttributes(connection, namespace);
};
