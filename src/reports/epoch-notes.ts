import type { Sweep } from '../domain/sweep.js';

/** What a sweep file says about epochs that is hardly meant so. */
export const epochNotes = ({ domains, maxEpochs, policy, scales, target }: Sweep): string[] => {
  const told = Object.entries(domains).flatMap(([name, { tokens }]) =>
    tokens === undefined ? [] : [{ name, tokens }],
  );
  if (maxEpochs === undefined) {
    if (told.length === 0 || policy.name !== 'titrate') return []; // other policies read tokens for themselves
    return [
      'tokens of domains limit nothing without maxEpochs: a recommended share may repeat a small domain many times',
    ];
  }
  if (told.length === 0) return ['maxEpochs limits nothing, as no domain says how many tokens there are of it'];
  const { tokensPerStep = 0 } = scales.find(({ name }) => name === target.scale) ?? {};
  return told
    .filter(({ tokens }) => tokens < tokensPerStep)
    .map(
      ({ name, tokens }) =>
        `${name} has ${tokens} tokens, less than a step to the target, and so next to no share: are they in billions?`,
    );
};
