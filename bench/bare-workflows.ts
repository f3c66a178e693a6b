/**
 * What Temporal alone costs: a sweep that runs the very activities of titrate's sweeps (propose, record the decision,
 * launch, supervise, collect, record the observation, and at the end recommend) in the same children, and does nothing else:
 * no pause, no budget, no signals, no search attributes, no continuing as new.
 */
import { executeChild, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../src/activities/activities.js';
import type { TrialEnd, TrialInput } from '../src/domain/messages.js';
import type { RecordHead } from '../src/domain/record-event.js';
import type { Sweep } from '../src/domain/sweep.js';
import { decidedEvent, endedEvent, recommendedEvent, type KeyedEvent } from '../src/workflows/sweep-events.js';
import { endedEvents } from '../src/workflows/trial-events.js';
import { runningTrial } from '../src/workflows/trial-state.js';
import { initialState } from '../src/workflows/sweep-state.js';

// A worker with titrate's plugin has to know them.
export { titrateSweep, titrateTrial } from '../src/workflows/index.js';

const activities = proxyActivities<Activities>({ startToCloseTimeout: '1 minute', heartbeatTimeout: '20 s' });

/** A trial with nothing but its activities. */
export async function bareTrial({ sweepId, launcher, job }: TrialInput): Promise<TrialEnd> {
  const ref = await activities.titrateLaunch({ sweepId, launcher, job });
  await activities.titrateSupervise({ sweepId, launcher, ref });
  const result = await activities.titrateCollect({ sweepId, launcher, ref });
  return { trial: job.trial, key: job.key, result };
}

/** A sweep with nothing but its activities and children: decides and runs in `parallel` lanes. */
export async function bareSweep(sweepId: string, sweep: Sweep, trials: number): Promise<void> {
  const at = (): string => new Date().toISOString();
  let { head } = await activities.titrateOpenRecord({ sweepId, sweep, at: at() });
  const record = async (events: readonly KeyedEvent[]): Promise<void> => {
    const written = await activities.titrateAppend({ sweepId, events: events.map((one) => ({ ...one, at: at() })) });
    head = later(head, written.head);
  };
  let next = 0;
  const runOne = async (decision: number): Promise<void> => {
    const output = await activities.titratePropose({ sweepId, head, pending: [], seed: decision });
    const decided = decidedEvent(decision, decision, output);
    if (decided?.event.type !== 'decided') throw new TypeError('random search always proposes');
    await record([decided]);
    const trial = runningTrial(sweepId, sweep, decided.event, 0);
    const input: TrialInput = { sweepId, parentWorkflowId: '', job: trial.job, launcher: sweep.launcher };
    const end = await executeChild(bareTrial, { args: [input] });
    await record(endedEvents(sweep, initialState, trial, end));
  };
  const lane = async (): Promise<void> => {
    while (next < trials) await runOne((next += 1));
  };
  await Promise.all(Array.from({ length: sweep.parallel }, lane));
  const recommended = await activities.titrateRecommend({ sweepId, head, seed: sweep.seed });
  await record([recommendedEvent('final', recommended)]);
  await record([endedEvent('completed', trials, 'the bare sweep is over')]);
}

const later = (a: RecordHead, b: RecordHead): RecordHead => (a.seq > b.seq ? a : b);
