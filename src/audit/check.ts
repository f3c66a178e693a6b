/** What an audit found, as plain data. */

/** One thing that is not as it must be. */
export interface Fault {
  /** What it looks like, in one or two words; the same word for the same kind of fault. */
  readonly looksLike: string;
  /** Where: `line 12`, `decision 3`, `job s.t0004.g1`. */
  readonly where: string;
  /** What was expected and what was found. */
  readonly says: string;
}

export const CHECKS = ['chain', 'anchors', 'story', 'budget', 'decisions', 'jobs'] as const;
export type CheckName = (typeof CHECKS)[number];

/** One of the questions that an audit asks of a record. */
export interface Check {
  readonly name: CheckName;
  readonly outcome: 'holds' | 'fails' | 'not checked';
  /** What was looked at, and how much of it. */
  readonly summary: string;
  readonly faults: readonly Fault[];
  /** What a reader should know and what is no fault. */
  readonly notes: readonly string[];
}

const lineOf = ({ where }: Fault): number => Number(/^line (\d+)/.exec(where)?.[1] ?? Infinity);

/** Makes a check from what was found; faults come in the order of the record. */
export const checked = (
  name: CheckName,
  summary: string,
  faults: readonly Fault[],
  notes: readonly string[] = [],
): Check => ({
  name,
  outcome: faults.length === 0 ? 'holds' : 'fails',
  summary,
  faults: faults.toSorted((a, b) => (lineOf(a) === lineOf(b) ? 0 : lineOf(a) - lineOf(b))),
  notes,
});

export const notChecked = (name: CheckName, why: string): Check => ({
  name,
  outcome: 'not checked',
  summary: why,
  faults: [],
  notes: [],
});

/** `1 line`, `2 lines`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
