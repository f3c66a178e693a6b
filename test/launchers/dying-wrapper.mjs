// The real wrapper, dying with -9 at a step: dying-wrapper.mjs COMPILED STEP FOLDER.
import { join } from 'node:path';

const [compiled, dieAt] = process.argv.splice(2, 2);
const { wrap } = await import(join(compiled, 'launchers/wrapper-process.js'));
await wrap((step) => step === dieAt && process.kill(process.pid, 'SIGKILL'));
