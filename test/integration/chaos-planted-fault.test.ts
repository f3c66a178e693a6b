/** The kill test can fail: a titrate that does not look for an earlier launch is found out by the jobs' own account. */
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Patch } from '../chaos/installed-copy.js';
import { createLocalPlace } from '../chaos/local-place.js';
import { countsOf } from '../chaos/report-text.js';
import { runChaos } from '../chaos/run-chaos.js';
import type { StrikeKind } from '../chaos/strike.js';

/** The launcher asks no lock of an earlier launch, and the wrapper that it starts does not mind one. */
const FORGETFUL: readonly Patch[] = [
  {
    file: 'launchers/launch-job.js',
    from: 'LockRecord);\n    if (lock !== undefined)\n        return lock;',
    to: 'LockRecord);',
  },
  { file: 'launchers/run-job.js', from: '!(await takeLock(files))', to: '!(await takeLock(files)) && false' },
];

const AFTER_SUBMIT: StrikeKind = {
  victim: 'worker',
  act: 'kill',
  point: 'after-submit',
  weight: 1,
  hurtsJobs: false,
};

/** A strike may miss the moment that it needs, so few of them may find nothing: then more follow. */
const SEEDS = [5, 6, 7];

it('a launcher without intent and lock starts jobs twice, and the kill test says so', async () => {
  const said: string[] = [];
  const found: string[] = [];
  for (const seed of SEEDS) {
    const report = await runChaos({
      kills: 2,
      seed,
      place: createLocalPlace(),
      lanes: 1,
      kinds: [AFTER_SUBMIT],
      fillsDisk: false,
      patches: FORGETFUL,
      say: (line) => said.push(line),
    });
    if (report.kept !== undefined) await rm(report.kept, { recursive: true, force: true });
    const doubles = report.violations.filter(({ guarantee }) => guarantee === 1);
    found.push(...doubles.map(({ what }) => what));
    if (found.length === 0) continue;
    expect(countsOf(report).failed).toBeGreaterThan(0);
    break;
  }
  expect(found, said.join('\n')).toContainEqual(expect.stringMatching(/was started \d+ times/));
}, 600_000);
