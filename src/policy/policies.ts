import { InputError } from '../domain/errors.js';
import { POLICY_NAMES, type PolicyName } from '../domain/policy-options.js';
import type { Sweep } from '../domain/sweep.js';
import { createAsha } from './methods/asha.js';
import { createAutoscale } from './methods/autoscale.js';
import { createBimix } from './methods/bimix.js';
import { createDataMixingLaws } from './methods/data-mixing-laws.js';
import { createHyperband } from './methods/hyperband.js';
import { createLogLinear } from './methods/log-linear.js';
import { createMfmsEi } from './methods/mfms-ei.js';
import type { Policy } from './policy.js';
import { createProportional } from './methods/proportional.js';
import { createRandomSearch } from './methods/random-search.js';
import { createSingleFidelityGp } from './methods/single-fidelity-gp.js';
import { createSobol } from './methods/sobol.js';
import { createSuccessiveHalving } from './methods/successive-halving.js';
import { createTitrate } from './titrate.js';
import { createUnimax } from './methods/unimax.js';
import { createUtilimax } from './methods/utilimax.js';

const POLICIES: Readonly<Record<PolicyName, (sweep: Sweep) => Policy>> = {
  titrate: createTitrate,
  'mfms-ei': createMfmsEi,
  random: createRandomSearch,
  'successive-halving': createSuccessiveHalving,
  hyperband: createHyperband,
  sobol: createSobol,
  proportional: createProportional,
  unimax: createUnimax,
  utilimax: createUtilimax,
  asha: createAsha,
  'single-fidelity-gp': createSingleFidelityGp,
  autoscale: createAutoscale,
  bimix: createBimix,
  'data-mixing-laws': createDataMixingLaws,
  'log-linear': createLogLinear,
};

const isPolicyName = (name: string): name is PolicyName => (POLICY_NAMES as readonly string[]).includes(name);

/**
 * Makes the policy that a sweep names, its options checked.
 *
 * @throws InputError for an unknown policy or option.
 */
export const policyOf = (sweep: Sweep): Policy => {
  const { name } = sweep.policy;
  if (isPolicyName(name)) return POLICIES[name](sweep);
  throw new InputError('policy', [{ path: 'policy.name', expected: `one of ${POLICY_NAMES.join(', ')}`, found: name }]);
};
