import type { Sweep } from '../domain/sweep.js';
import { propose } from '../policy/propose.js';

/** Says so when a sweep, as its world limits it, would end before its first run: its policy finds none to buy. */
export const firstRunNotes = (sweep: Sweep): string[] => {
  const { policy, runs, imports, seed } = sweep;
  if (imports !== undefined || propose(sweep, [], { seed }) !== null) return [];
  const given = runs === undefined ? 'this budget' : 'this budget and the runs that the table has';
  return [
    `the policy ${policy.name} finds no run to buy with ${given}: the sweep ends at once, and recommends a mixture of which nothing is known`,
  ];
};
