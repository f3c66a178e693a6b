/** Problems of random mixing laws: small scales that guide, that say nothing or that mislead; and laws within limits. */
import {
  createSyntheticWorld,
  syntheticDomains,
  SYNTHETIC_SIZES,
  SYNTHETIC_STEPS,
  type SmallScales,
} from '../src/simulators/synthetic-law.js';
import { compositeOf, costsOf, scalesOf, singleOf, truthOf, type Allowed, type Arena, type Problem } from './arena.js';
import { extremesOf } from './extremes.js';

export const TARGET_COST = 100; // of a run to the target
const EPOCHS = 4;

/** Limits for seven domains: minima, maxima, a group, and an epoch cap of 0.15. */
const LIMITS_OF_SEVEN: Allowed = {
  domains: {
    domain1: { min: 0.05, max: 1 },
    domain2: { min: 0, max: 0.25 },
    domain3: { min: 0, max: 0.4 },
    domain4: { min: 0, max: 1 },
    domain5: { min: 0, max: 1 },
    domain6: { min: 0, max: 1, tokens: (0.15 * 524288 * 20000) / EPOCHS },
    domain7: { min: 0.02, max: 0.5 },
  },
  groups: [{ domains: ['domain4', 'domain5'], min: 0.1, max: 0.35 }],
  maxEpochs: EPOCHS,
};

/** Cost of one step by size: a target run costs 100. */
export const stepCosts = (): Record<string, number> =>
  costsOf(
    SYNTHETIC_SIZES,
    (parameters) => (TARGET_COST * parameters) / SYNTHETIC_SIZES.at(-1)! / SYNTHETIC_STEPS.at(-1)!,
  );

interface Instance {
  readonly domains: number;
  readonly smallScales: SmallScales;
  readonly seed: number;
  readonly noise: number;
  readonly allowed?: Allowed;
}

const syntheticArena = ({ domains, smallScales, seed, noise, allowed }: Instance): Arena => ({
  noisy: createSyntheticWorld({ domains, seed, smallScales, noise }),
  exact: createSyntheticWorld({ domains, seed, smallScales }),
  domains: syntheticDomains(domains),
  scales: scalesOf(SYNTHETIC_SIZES, SYNTHETIC_STEPS),
  perStep: stepCosts(),
  accuracies: [],
  ...(allowed === undefined ? {} : { allowed }),
});

/** Asks for the first output of an arena, or for the mean of all, weighed by the inverse of their spread from best to median. */
export const outputProblem = (name: string, arena: Arena, which: string): Problem => {
  const { metrics } = arena.exact;
  const objective =
    which === 'one'
      ? singleOf(arena, metrics[0]!)
      : compositeOf(new Map(metrics.map((metric) => [metric, extremesOf(arena, singleOf(arena, metric))])));
  const truth = truthOf(arena, objective);
  return {
    name,
    family: name.replace(/-(one|mean)$/, ''),
    arena,
    objective,
    extremes: extremesOf(arena, objective),
    truth,
  };
};

const NAME = /^(law|useless|mislead|bounded)(\d+)-(one|mean)$/;
const KINDS: Readonly<Record<string, SmallScales>> = {
  law: 'guide',
  bounded: 'guide',
  useless: 'useless',
  mislead: 'mislead',
};

/** Opens a problem of a random mixing law by its name; undefined for a name that is none of theirs. */
export const syntheticProblem = (name: string, seed: number, noise: number): Problem | undefined => {
  const [, kind, count, which] = NAME.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const isBounded = kind === 'bounded';
  if (isBounded && count !== '7') throw new Error(`${name}: limits are known for seven domains only (bounded7)`);
  const allowed = isBounded ? { allowed: LIMITS_OF_SEVEN } : {};
  const arena = syntheticArena({ domains: Number(count), smallScales: KINDS[kind]!, seed, noise, ...allowed });
  return outputProblem(name, arena, which!);
};
