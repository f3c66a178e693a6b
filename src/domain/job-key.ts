/** Names the job of a trial's generation: as it is launched, and as an audit looks for it. */
export const jobKey = (sweepId: string, trial: string, generation: number): string =>
  `${sweepId}.${trial}.g${generation}`;
