import type { ActResult } from '../domain/messages.js';
import { formatCount, plural } from '../reports/format.js';

/** Has observations taken part by part, until one is not; the answer is about all of them, where each part's is about its own. */
export const takeInParts = async <T>(
  parts: readonly (readonly T[])[],
  take: (part: readonly T[]) => Promise<ActResult>,
): Promise<ActResult> => {
  const all = parts.flat().length;
  let taken = 0;
  for (const part of parts) {
    const answer = await take(part);
    if (!answer.accepted) {
      const before = `${formatCount(taken)} of ${plural(all, 'observation')} had been taken by then`;
      return taken === 0 ? answer : { ...answer, reason: `${answer.reason}; ${before}` };
    }
    taken += part.length;
  }
  return { accepted: true, reason: `${plural(all, 'observation')} count from the next decision on` };
};
