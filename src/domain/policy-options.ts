/** Names of the policies that a sweep file may ask for. */
export const POLICY_NAMES = [
  'titrate',
  'mfms-ei',
  'random',
  'successive-halving',
  'hyperband',
  'sobol',
  'proportional',
  'unimax',
  'utilimax',
  'asha',
  'single-fidelity-gp',
  'log-linear',
  'data-mixing-laws',
  'bimix',
  'autoscale',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];
