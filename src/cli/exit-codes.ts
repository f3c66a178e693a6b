/** What the exit status of every command means; shown by `titrate --help`. */
export const EXIT = { ok: 0, sweep: 1, input: 2, environment: 3, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'done'],
  [
    EXIT.sweep,
    'the sweep failed, was cancelled, waits for a person, or did not take what was asked of it; verify found a fault',
  ],
  [EXIT.input, 'wrong usage, or a sweep file or name that cannot be used'],
  [EXIT.environment, 'the server, the worker or the disk is not as it must be (see titrate doctor)'],
  [EXIT.interrupted, 'watching was interrupted; the sweep goes on'],
];
