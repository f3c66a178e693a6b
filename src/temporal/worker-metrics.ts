import { isIPv4, isIPv6 } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';
import { InputError, StateError } from '../domain/errors.js';

const VARIABLE = 'TITRATE_METRICS_ADDRESS';
const LAST_PORT = 65_535;

const ADDRESS = /^(?:\[([^\]]+)\]|([0-9.]+)):(\d+)$/; // what Temporal's core takes: an IP address and a port

const isAddress = (text: string): boolean => {
  const [, six, four, port] = ADDRESS.exec(text) ?? [];
  const isHost = six === undefined ? isIPv4(four ?? '') : isIPv6(six);
  return isHost && Number(port) >= 1 && Number(port) <= LAST_PORT;
};

/**
 * Where a worker serves what Temporal's SDK measures, for Prometheus: TITRATE_METRICS_ADDRESS; nothing where it is not set.
 * @throws InputError when it is no IP address with a port.
 */
export const metricsOptions = (
  env: Readonly<Record<string, string | undefined>>,
): Pick<RuntimeOptions, 'telemetryOptions'> => {
  const text = env[VARIABLE];
  if (text === undefined || text === '') return {};
  if (!isAddress(text)) {
    const problem = { path: VARIABLE, expected: 'an IP address and a port, such as 127.0.0.1:9464', found: text };
    throw new InputError('where to serve metrics cannot be read', [problem]);
  }
  return { telemetryOptions: { metrics: { prometheus: { bindAddress: text, countersTotalSuffix: true } } } };
};

/** Why nothing can be served there. */
export const unservedMetrics = (env: Readonly<Record<string, string | undefined>>, cause: unknown): StateError => {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StateError(`metrics cannot be served at ${VARIABLE}=${env[VARIABLE]}: ${why}`, {
    hint: 'give every worker of a machine an address of its own, or none',
    cause,
  });
};
