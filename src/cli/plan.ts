import { stringify } from 'yaml';
import type { Fidelity } from '../domain/fidelity.js';
import { knownWords } from '../domain/nearest-word.js';
import type { Sweep } from '../domain/sweep.js';
import { planText } from '../evidence/plan-text.js';
import { planOf } from '../evidence/plan.js';
import { summarizeRehearsals, type RehearsalSummary } from '../evidence/rehearsal-summary.js';
import { rehearsalStage } from '../evidence/rehearsal.js';
import { resolveHome } from '../temporal/home.js';
import { previewJob, type JobPreview } from '../temporal/preview-job.js';
import { checkStart } from './check-start.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { checkImportsOf } from './inject-runs.js';
import { playAll } from './play-all.js';
import { positiveFlag, refuseFlag } from './positive-flag.js';
import { startNotes } from './start-notes.js';
import { readSweepFile } from './sweep-source.js';

const COMMAND = 'plan';
const KINDS = ['guide', 'mislead'] as const;

const previewText = ({ launcher }: Sweep, { job, launch }: JobPreview): string[] => [
  '',
  `The job of a run at ${job.scale}, ${job.steps} steps, here of the typical mixture. Its job.json:`,
  '',
  JSON.stringify(job, null, 2),
  '',
  `What is handed to ${launcher.kind}:`,
  '',
  stringify(launch, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd(),
];

/** Plays the sweep on so many made-up laws of each kind. */
const rehearse = async (sweep: Sweep, laws: number, io: Invocation['io']): Promise<RehearsalSummary[]> => {
  const policy = sweep.policy.name;
  const wanted = KINDS.flatMap((kind) => Array.from({ length: laws }, (_, i) => ({ kind, seed: sweep.seed + i }))).map(
    ({ kind, seed }, i, { length }) => ({
      stage: rehearsalStage(sweep, seed, kind),
      policy,
      seed,
      name: `rehearsal ${i + 1} of ${length}`,
    }),
  );
  const played = await playAll(wanted, io);
  return KINDS.map((kind, k) => summarizeRehearsals(sweep, kind, played.slice(k * laws, (k + 1) * laws)));
};

/** The longest run that the sweep makes at a scale. */
const longestAt = ({ scales, target }: Sweep, wanted: string): Fidelity => {
  const scale = scales.find(({ name }) => name === wanted);
  const names = scales.map(({ name }) => name);
  if (scale === undefined) return refuseFlag(COMMAND, '--job', knownWords(wanted, names), JSON.stringify(wanted));
  return { scale: wanted, steps: wanted === target.scale ? target.steps : scale.steps.at(-1)! };
};

/** `titrate plan FILE`. */
export const plan = async (invocation: Invocation): Promise<Outcome> => {
  const source = await readSweepFile(invocation.positionals[0] ?? '');
  const sweep = await checkStart(source);
  await checkImportsOf(source);
  const laws = positiveFlag(invocation, COMMAND, { name: 'rehearse', usual: 0, isWhole: true });
  const scale = textFlag(invocation, 'job');
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const preview = scale === undefined ? undefined : await previewJob(home, source.id, sweep, longestAt(sweep, scale));
  const own = planOf(sweep);
  const worked = { ...own, notes: [...own.notes, ...(await startNotes(source, sweep))] };
  const rehearsals = laws === 0 ? [] : await rehearse(sweep, laws, invocation.io);
  return {
    exitCode: EXIT.ok,
    json: { ...worked, rehearsals, ...(preview === undefined ? {} : { preview }) },
    text: [planText(worked, rehearsals), ...(preview === undefined ? [] : previewText(sweep, preview))].join('\n'),
  };
};
