// Launches keys in a process of its own: launch-process.mjs COMPILED OPTIONS SPECS [STEP]. Dies with -9 at STEP.
import { join } from 'node:path';

const [compiled, options, specs, dieAt] = process.argv.slice(2);
const { createLocalProcessLauncher } = await import(join(compiled, 'launchers/local-process.js'));
const launcher = createLocalProcessLauncher({
  ...JSON.parse(options),
  now: Date.now,
  onLaunchStep: (step) => step === dieAt && process.kill(process.pid, 'SIGKILL'),
});
const refs = await Promise.all(JSON.parse(specs).map((spec) => launcher.launch(spec)));
process.stdout.write(JSON.stringify(refs));
