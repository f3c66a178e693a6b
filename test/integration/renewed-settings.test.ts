/** Keys and certificates of a team's server that are renewed while a worker works. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { workUntilDone } from '../../src/temporal/worker-loop.js';
import { withServer } from './real-server.js';
import { until } from './until.js';

const server = withServer();
let end: () => Promise<void> = () => Promise.resolve();
afterEach(() => end());

it('a worker takes up what the files of its settings say anew, and stays with its server', async () => {
  const { home, address } = server();
  const file = join(home.root, 'temporal.toml');
  const profile = (key: string, at: string): string =>
    `[profile.default]\naddress = "${at}"\napi_key = "${key}"\n[profile.default.tls]\ndisabled = true\n`;
  await writeFile(file, profile('first', address));
  const said: string[] = [];
  const polledAt: string[] = [];
  const stop = new AbortController();
  const working = workUntilDone({
    home,
    env: { TEMPORAL_CONFIG_FILE: file },
    log: (line) => said.push(line),
    signal: stop.signal,
    onPolling: async (on) => {
      polledAt.push(on.address);
    },
  });
  end = () => {
    stop.abort();
    return working;
  };
  await until('it polls', () => polledAt.length === 1);
  await writeFile(file, profile('second', address));
  await until('it polls with the new key', () => polledAt.length === 2);
  expect(said.join('\n')).toMatch(/settings were renewed; connecting anew/);
  await writeFile(file, '');
  await writeFile(file, profile('third', 'elsewhere.example:7233'));
  await new Promise((done) => setTimeout(done, 4500)); // two looks at the file
  await writeFile(file, profile('fourth', address));
  await until('it polls with the newest key', () => polledAt.length === 3);
  expect(polledAt).toEqual([address, address, address]);
  expect(said.join('\n')).not.toMatch(/first|second|third|fourth|elsewhere/);
});
