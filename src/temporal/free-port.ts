import { createServer } from 'node:net';

// Below the ports that systems hand to outgoing connections (Linux: from 32768), so that a restart finds its port free.
const FIRST_PORT = 17_000;
const LAST_PORT = 27_000;
const ATTEMPTS = 200;

/** Is the port free on loopback now? */
export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => done(true)));
  });

/** Chooses `count` different free ports on loopback; another process may still be quicker to take one. */
export const freePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count && attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await isPortFree(port)) ports.add(port);
  }
  if (ports.size < count) throw new Error(`found no free port between ${FIRST_PORT} and ${LAST_PORT}`);
  return [...ports];
};
