import type { PolicyName } from '../domain/policy-options.js';
import type { Sweep } from '../domain/sweep.js';

const DRAWN = 'draws its runs whatever imported ones say: those count for what it recommends';
const RUNGS = 'compares runs that end at its rungs, at one scale: no others count for its choices';
const GIVEN =
  'mixes by the sizes of the domains: imported runs count for the interval that is told, not for the mixture';
const LAW = 'goes by runs at the scales and steps of its design: those count among its runs, no others do';
const FIXED =
  'goes by runs at the scale and steps of its design: no others count, and of its own runs those of the same mixture alone are spared';

/** What a policy makes of imported runs, where it does not learn from all of them. */
const COUNTED: Readonly<Record<PolicyName, string | undefined>> = {
  titrate: undefined,
  'mfms-ei': undefined,
  random: DRAWN,
  sobol: DRAWN,
  'successive-halving': RUNGS,
  asha: RUNGS,
  hyperband: RUNGS,
  proportional: GIVEN,
  unimax: GIVEN,
  'single-fidelity-gp': 'goes by runs at the target: no others count for its choices',
  'log-linear': LAW,
  'data-mixing-laws': LAW,
  bimix: LAW,
  autoscale: FIXED,
  utilimax: FIXED,
};

/** Says for people which imported runs the policy of a sweep counts; undefined where it learns from all of them. */
export const whatCounts = ({ policy }: Pick<Sweep, 'policy'>): string | undefined => {
  const counted = COUNTED[policy.name as PolicyName];
  return counted === undefined ? undefined : `The policy ${policy.name} ${counted}.`;
};
