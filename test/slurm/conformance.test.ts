import { afterAll } from 'vitest';
import { describeLauncherConformance } from '../launchers/conformance.js';
import { startLab, type SlurmLab } from './lab.js';
import { makeSlurmHarness } from './slurm-harness.js';

let lab: SlurmLab | undefined;
afterAll(() => lab?.stop());

describeLauncherConformance('the Slurm launcher', async () => {
  lab = await startLab({ accounting: true });
  return makeSlurmHarness(lab);
});
