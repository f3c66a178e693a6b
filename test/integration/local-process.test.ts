import { expect, it } from 'vitest';
import { createLocalProcessLauncher } from '../../src/launchers/local-process.js';
import { describeLauncherConformance, waitForState } from '../launchers/conformance.js';
import { makeLocalHarness } from '../launchers/local-harness.js';

describeLauncherConformance('the local process launcher', makeLocalHarness);

it('the launcher finds its own wrapper when none is given', async () => {
  const harness = await makeLocalHarness();
  const { wrapper: _, ...options } = harness.options;
  const launcher = createLocalProcessLauncher(options);
  const ref = await launcher.launch(harness.quickJob('own.t1.g1'));
  await waitForState(launcher, ref, ['ended']);
  expect((await launcher.collect(ref)).status).toBe('completed');
  await harness.close?.();
});
