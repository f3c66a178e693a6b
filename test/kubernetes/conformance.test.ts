import { afterAll } from 'vitest';
import { describeLauncherConformance } from '../launchers/conformance.js';
import { makeHarness } from './harness.js';
import { startLab, type Lab } from './lab.js';

let starting: Promise<Lab> | undefined;
const lab = (): Promise<Lab> => (starting ??= startLab());
afterAll(async () => (await starting)?.close());

describeLauncherConformance('the Kubernetes launcher with a shared folder', async () => makeHarness(await lab()));
describeLauncherConformance('the Kubernetes launcher with metrics from logs', async () =>
  makeHarness(await lab(), { isShared: false }),
);
