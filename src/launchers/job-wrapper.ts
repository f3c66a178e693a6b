/** Entry of the wrapper process: `node job-wrapper.js FOLDER`, started by the launcher, detached. */
import { wrap } from './wrapper-process.js';

await wrap();
