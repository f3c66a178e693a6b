/** What a team re-exports from its own workflow module. */
export { titrateNotice } from './notice.js';
export { titrateReconcile } from './reconcile.js';
export { titrateSweep } from './sweep.js';
export { titrateTrial } from './trial.js';
