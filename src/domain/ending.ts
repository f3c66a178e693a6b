/** The ways a job can end, and what each means for the belief: the one table that the rest of the code asks. */

/**
 * How a job ended. `completed`: reached its steps. `failed`: an error of its own. `diverged`: the loss became NaN,
 * infinite or exploded. `preempted`: the backend took its place away; it can go on from its checkpoint. `host-lost`: its
 * machine went down under it. `timed-out`: it ran for longer than allowed. `refused`: the backend does not accept its
 * spec. `cancelled`: a person or the sweep stopped it. `abandoned`: a person gave it up for ever. `refused-by-person`: a
 * person, or titrate when nobody answered, did not let it run.
 */
export const ENDINGS = [
  'completed',
  'failed',
  'diverged',
  'preempted',
  'host-lost',
  'timed-out',
  'refused',
  'cancelled',
  'abandoned',
  'refused-by-person',
] as const;
export type Ending = (typeof ENDINGS)[number];

/**
 * What an ending says about the mixture, beside the checkpoints that were reached: `value` (what it measured), `harm`
 * (runs like it blow up), `doubt` (runs like it may not get to their end), or `nothing`, when the place and not the run
 * is to blame.
 */
export const TEACHES: Readonly<Record<Ending, 'value' | 'harm' | 'doubt' | 'nothing'>> = {
  completed: 'value',
  failed: 'doubt',
  diverged: 'harm',
  preempted: 'nothing',
  'host-lost': 'nothing',
  'timed-out': 'nothing',
  refused: 'nothing',
  cancelled: 'nothing',
  abandoned: 'nothing',
  'refused-by-person': 'nothing',
};

/** Every ending under its own name, and other words that tables of past runs have for some of them. */
const WORDS: Readonly<Record<string, Ending>> = {
  ...Object.fromEntries(ENDINGS.map((ending) => [ending, ending])),
  complete: 'completed',
  success: 'completed',
  succeeded: 'completed',
  finished: 'completed',
  done: 'completed',
  ok: 'completed',
  failure: 'failed',
  error: 'failed',
  crashed: 'failed',
  canceled: 'cancelled',
  killed: 'cancelled',
};

/** Reads a word for an ending, in any case; undefined when it is none. */
export const endingOf = (word: string): Ending | undefined => {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(WORDS, key) ? WORDS[key] : undefined;
};
