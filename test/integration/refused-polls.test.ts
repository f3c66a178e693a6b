/** A server that refuses for a moment what a worker asks for, as when its key is renewed. */
import { once } from 'node:events';
import {
  connect as dial,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connect } from '../../src/temporal/client.js';
import { progress, start } from '../../src/temporal/sweeps.js';
import { withServer } from './real-server.js';
import { smallSweep } from './small-sweep.js';
import { until } from './until.js';
import { startWorking } from './working-loop.js';

const server = withServer();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const UNAUTHENTICATED = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-status': '16',
  'grpc-message': 'no such key',
};
const HOP = new Set(['connection', ':authority', ':scheme']);
const passedOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));

interface Gate {
  readonly address: string;
  /** Refuses every call, those that wait for an answer too. */
  shut(): void;
  open(): void;
  close(): Promise<unknown>;
}

/** Passes calls on to a server, or refuses them. */
const gateTo = async (address: string): Promise<Gate> => {
  const far = dial(`http://${address}`);
  const sessions = new Set<ServerHttp2Session>();
  const waiting = new Set<ServerHttp2Stream>();
  let isOpen = true;
  const gate: Http2Server = createServer();
  gate.on('session', (session) => sessions.add(session));
  gate.on('stream', (near, headers) => {
    near.on('error', () => undefined);
    if (!isOpen) return near.respond(UNAUTHENTICATED, { endStream: true });
    waiting.add(near);
    const call = far.request(passedOn(headers));
    call.on('error', () => near.destroy());
    near.on('close', () => {
      waiting.delete(near);
      call.close();
    });
    near.pipe(call);
    let trailers: IncomingHttpHeaders = {};
    call.on('trailers', (given: IncomingHttpHeaders) => (trailers = passedOn(given)));
    call.on('response', (answer) => {
      if (near.destroyed || near.headersSent) return;
      if (answer['grpc-status'] !== undefined) return near.respond(answer, { endStream: true });
      near.respond(answer, { waitForTrailers: true });
      near.on('wantTrailers', () => near.sendTrailers(trailers));
      call.pipe(near);
    });
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  return {
    address: `127.0.0.1:${(gate.address() as AddressInfo).port}`,
    shut: () => {
      isOpen = false;
      for (const near of waiting) if (!near.headersSent) near.respond(UNAUTHENTICATED, { endStream: true });
    },
    open: () => (isOpen = true),
    close: () => {
      for (const session of sessions) session.destroy();
      far.destroy();
      return new Promise((done) => gate.close(done));
    },
  };
};

it('the worker works on as soon as it may, though it had jobs in hand, and ends when it is told to', async () => {
  const { home, address } = server();
  const gate = await gateTo(address);
  ends.push(() => gate.close());
  const env = { TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: gate.address };
  const { said, polls, stop } = startWorking(home, env);
  ends.push(stop);
  await until('it polls', () => polls() === 1);
  const on = await connect({ home, env });
  ends.push(() => on.close());
  await start(on, { sweepId: 'small', sweep: smallSweep({ secondsPerUnit: 10 }) });
  await until('jobs run', async () => (await progress(on, 'small')).inFlight.length === 2);
  gate.shut();
  // The SDK puts up with refusals for a minute.
  await until('it has failed', () => said.some((line) => line.startsWith('the worker failed')), 150_000);
  gate.open();
  await until('it polls again', () => polls() === 2);
  expect((await progress(on, 'small')).inFlight).toHaveLength(2);
});
