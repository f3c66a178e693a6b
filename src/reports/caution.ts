import { formatFixed } from './format.js';
import { plainText } from './plain-text.js';
import { targetRuns, type SweepView } from './sweep-view.js';

const WEAK = 0.5; // below this, a scale's ranking shares less than a quarter of its variance with the target's

/** What a reader must know before acting on the recommendation; none when nothing stands out. */
export const cautionsOf = (view: SweepView): string[] => {
  const { recommendation } = view;
  if (recommendation === null) return [];
  const cautions: string[] = recommendation.note === undefined ? [] : [plainText(recommendation.note, 400)];
  const target = view.sweep.target.scale;
  const weak = recommendation.trust.filter(
    ({ scale, correlation, runs }) => scale !== target && runs > 0 && correlation < WEAK,
  );
  if (targetRuns(view).length === 0) {
    cautions.push('No run was made at the target: the prediction rests on smaller or shorter runs alone.');
  }
  if (weak.length > 0) {
    const named = weak
      .map(({ scale, correlation }) => `${plainText(scale)} (${formatFixed(correlation, 2)})`)
      .join(', ');
    cautions.push(`Runs at ${named} rank mixtures poorly as the target does.`);
  }
  const failed = view.observations.filter(({ status }) => status !== 'completed').length;
  if (failed > view.observations.length / 4)
    cautions.push(`${failed} of ${view.observations.length} runs did not complete.`);
  return cautions;
};
