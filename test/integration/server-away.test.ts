/** A worker whose server goes away: what it says of it. */
import { readFile } from 'node:fs/promises';
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connect } from '../../src/temporal/client.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { withServer } from './real-server.js';
import { until } from './until.js';

const server = withServer();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Passes what comes to a port of its own on to an address, until it is cut. */
const relay = async (address: string): Promise<{ readonly address: string; cut(): void }> => {
  const sockets = new Set<Socket>();
  const [host = '', port = ''] = address.split(':');
  const listening = createServer((near) => {
    const far = dial(Number(port), host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one.on('error', () => other.destroy()));
      one.pipe(other);
    }
  });
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
  const cut = (): void => {
    listening.close();
    for (const socket of sockets) socket.destroy();
  };
  return { address: `127.0.0.1:${(listening.address() as AddressInfo).port}`, cut };
};

it('it says so once, the SDK’s native part too, and not at every try', async () => {
  const { home, address } = server();
  const way = await relay(address);
  const env = { ...process.env, TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: way.address };
  const on = await connect({ home, env });
  ends.push(() => on.close());
  const { log } = await ensureWorker(home, on, { env });
  ends.push(() => stopWorker(home, on));
  way.cut();
  const retried = async (): Promise<string[]> =>
    (await readFile(log, 'utf8')).match(/.*gRPC call \w+ retried.*/g) ?? [];
  await until('the native part has told of two kinds of calls', async () => (await retried()).length > 1);
  const calls = (await retried()).map((line) => /^\S+ \[WARN\] gRPC call (\w+) retried \d+ times/.exec(line)?.[1]);
  expect(calls).not.toContain(undefined);
  expect(new Set(calls).size).toBe(calls.length);
});
