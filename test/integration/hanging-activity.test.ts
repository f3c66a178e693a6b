/** An activity that does not end while its worker is to end. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { isThere } from '../../src/host/atomic-files.js';
import { connect } from '../../src/temporal/client.js';
import { start } from '../../src/temporal/sweeps.js';
import { withServer } from './real-server.js';
import { smallSweep } from './small-sweep.js';
import { until } from './until.js';
import { startWorking } from './working-loop.js';

const server = withServer();
let end: () => Promise<void> = () => Promise.resolve();
afterEach(() => end());

it('does not keep the worker from working on elsewhere, or by other means', async () => {
  const { home, address } = server();
  const file = join(home.root, 'temporal.toml');
  const env = { TEMPORAL_CONFIG_FILE: file };
  const profile = (key: string): string =>
    `[profile.default]\naddress = "${address}"\napi_key = "${key}"\n[profile.default.tls]\ndisabled = true\n`;
  await writeFile(file, profile('first'));
  const on = await connect({ home, env });
  const { said, polls, stop } = startWorking(home, env);
  end = async () => {
    await stop();
    await on.close();
  };
  await until('it polls', () => polls() === 1);
  const hangs = join(home.root, 'hangs');
  const command = ['sh', '-c', `touch ${hangs}; exec sleep 49`]; // just less than a notice may take
  await start(on, { sweepId: 'small', sweep: { ...smallSweep(), notify: [{ command }] } });
  await until('a notice hangs', () => isThere(hangs), 40_000);
  await writeFile(file, profile('second'));
  await until('it polls by the new key', () => polls() === 2, 35_000);
  expect(said.join('\n')).toMatch(/settings were renewed; connecting anew/);
});
