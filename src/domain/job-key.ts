/** A job's key, taken apart. */
export interface JobKey {
  readonly sweep: string;
  readonly trial: string;
  readonly generation: number;
}

/** Names the job of a trial's generation: as it is launched, and as an audit looks for it. */
export const jobKey = (sweepId: string, trial: string, generation: number): string =>
  `${sweepId}.${trial}.g${generation}`;

/** Takes a key `<sweep>.<trial>.g<n>` apart; undefined when it is none. */
export const parseJobKey = (key: string): JobKey | undefined => {
  const [, sweep, trial, generation] = /^(.+)\.([^.]+)\.g([1-9]\d*)$/.exec(key) ?? [];
  if (sweep === undefined || trial === undefined) return undefined;
  return { sweep, trial, generation: Number(generation) };
};
