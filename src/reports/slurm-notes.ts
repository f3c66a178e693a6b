import type { Sweep } from '../domain/sweep.js';

const EARLY_SECONDS = 60; // Slurm may announce the end up to a minute before it was asked to (sbatch --signal)

/** Reads what sbatch takes as --time: minutes, m:s, h:m:s, d-h, d-h:m or d-h:m:s; Infinity for no limit (s). */
const secondsOf = (time: string): number => {
  const [, days, clock = ''] = /^(?:(\d+)-)?([\d:]+)$/.exec(time) ?? [];
  const parts = clock.split(':').map(Number);
  if (clock === '' || parts.some(Number.isNaN)) return Infinity;
  const [a = 0, b = 0, c = 0] = parts;
  if (days !== undefined) return ((Number(days) * 24 + a) * 60 + b) * 60 + c;
  return parts.length === 3 ? (a * 60 + b) * 60 + c : a * 60 + b;
};

/** Says of which Slurm jobs the end is announced at their start: they could do nothing but save, again and again. */
export const slurmNotes = ({ launcher, scales }: Sweep): string[] => {
  if (launcher.kind !== 'slurm') return [];
  return scales.flatMap(({ name }) => {
    const { time = 'UNLIMITED' } = { ...launcher, ...launcher.scales[name] };
    if (secondsOf(time) > launcher.graceSeconds + EARLY_SECONDS) return [];
    return [
      `jobs at ${name} have ${time} as time, and Slurm announces the end ${launcher.graceSeconds} s before (graceSeconds), up to a minute early: next to nothing is left to train`,
    ];
  });
};
