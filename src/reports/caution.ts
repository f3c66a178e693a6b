import type { FidelityTrust } from '../domain/decision.js';
import { movedSince } from './confirmation.js';
import { formatFixed, formatShare, plural } from './format.js';
import { plainText } from './plain-text.js';
import { hasMeasured, importedTargetRuns, isLost, targetRuns, wasMade, type SweepView } from './sweep-view.js';
import { formatTrustInterval, standingOf, type Standing } from './trust-text.js';

const FAR = 0.05; // of the mixture: runs within it are taken for alike where a person refused one

const bracketed = (trust: FidelityTrust): string => {
  const interval = formatTrustInterval(trust);
  return `(${formatFixed(trust.correlation, 2)}${interval === '' ? '' : `; 90 %: ${interval}`})`;
};

const SAID: Readonly<Record<Exclude<Standing, 'good'>, string>> = {
  reversed: 'rank mixtures the other way round from the target',
  open: 'may rank mixtures as the target does or the other way round, which cannot be told yet',
  poor: 'rank mixtures poorly as the target does',
};

/** Names the smaller scales, with runs, whose ranking is not to be relied on. */
const trustCautions = (view: SweepView, trust: readonly FidelityTrust[]): string[] => {
  const smaller = trust.filter(({ scale, runs }) => scale !== view.sweep.target.scale && runs > 0);
  return (['reversed', 'open', 'poor'] as const).flatMap((standing) => {
    const named = smaller.filter((item) => standingOf(item) === standing);
    const list = named.map((item) => `${plainText(item.scale)} ${bracketed(item)}`).join(', ');
    return named.length === 0 ? [] : [`Runs at ${list} ${SAID[standing]}.`];
  });
};

/** What a reader must know before acting on the recommendation; none when nothing stands out. */
export const cautionsOf = (view: SweepView): string[] => {
  const { recommendation } = view;
  if (recommendation === null) return [];
  const cautions: string[] = recommendation.note === undefined ? [] : [plainText(recommendation.note, 400)];
  if (!hasMeasured(view)) {
    cautions.push('No run has reported the objective: this is the mixture to begin with, and nothing is known of it.');
  } else if (targetRuns(view).length + importedTargetRuns(view).length === 0) {
    cautions.push('No run was made at the target: the prediction rests on smaller or shorter runs alone.');
  }
  const moved = movedSince(view);
  if (moved > FAR) {
    cautions.push(
      `The recommended mixture is not the one that was confirmed: it has moved by ${formatShare(moved)} of the mixture since.`,
    );
  }
  cautions.push(...trustCautions(view, recommendation.trust));
  const made = view.observations.filter(wasMade).length;
  const lost = view.observations.filter(isLost).length;
  if (lost > made / 4) cautions.push(`${lost} of ${plural(made, 'run')} did not complete.`);
  return cautions;
};
