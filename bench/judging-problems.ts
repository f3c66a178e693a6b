/** Problems of the worlds for judging only. */
import { SYNTHETIC_SIZES, SYNTHETIC_STEPS, syntheticDomains } from '../src/simulators/synthetic-law.js';
import { scaleName, scalesOf, type Arena, type Problem } from './arena.js';
import {
  autoscaleOutputs,
  autoscaleTokens,
  bimixOutputs,
  quadraticOutputs,
  worldOf,
  type Outputs,
} from './judging-laws.js';
import { outputProblem, stepCosts, TARGET_COST } from './synthetic-problems.js';

const LAWS: Readonly<Record<string, (domains: number, seed: number) => Outputs>> = {
  bimix: bimixOutputs,
  autoscale: autoscaleOutputs,
  quad: quadraticOutputs,
};
const NAME = /^(bimix|autoscale|quad)(\d+)-(one|mean)$/;

const TARGET = { parameters: SYNTHETIC_SIZES.at(-1)!, steps: SYNTHETIC_STEPS.at(-1)! };

/** Scales and costs where larger models see more tokens a step. */
const growingSteps = (): Pick<Arena, 'scales' | 'perStep'> => {
  const scales = scalesOf(SYNTHETIC_SIZES, SYNTHETIC_STEPS).map((scale) => ({
    ...scale,
    tokensPerStep: Math.round(scale.tokensPerStep * autoscaleTokens(scale.parameters, TARGET.steps)),
  }));
  const cost = (parameters: number): number =>
    ((TARGET_COST / TARGET.steps) * parameters * autoscaleTokens(parameters, TARGET.steps)) / TARGET.parameters;
  return { scales, perStep: Object.fromEntries(SYNTHETIC_SIZES.map((size) => [scaleName(size), cost(size)])) };
};

const evenSteps = (): Pick<Arena, 'scales' | 'perStep'> => ({
  scales: scalesOf(SYNTHETIC_SIZES, SYNTHETIC_STEPS),
  perStep: stepCosts(),
});

/** Opens a problem of a world for judging by its name; undefined for a name that is none of theirs. */
export const judgingProblem = (name: string, seed: number, noise: number): Problem | undefined => {
  const [, law, count, which] = NAME.exec(name) ?? [];
  if (law === undefined) return undefined;
  const domains = Number(count);
  const outputs = LAWS[law]!(domains, seed);
  const world = `${law}${count}-${seed}`;
  const arena: Arena = {
    noisy: worldOf(world, domains, outputs, noise),
    exact: worldOf(world, domains, outputs, 0),
    domains: syntheticDomains(domains),
    accuracies: [],
    ...(law === 'autoscale' ? growingSteps() : evenSteps()),
  };
  return outputProblem(name, arena, which!);
};
