/** What Temporal alone costs: the same children and activities as a sweep's trials, doing nothing. */
import { executeChild, proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

const JOB_ACTIVITIES = 3; // launch, supervise, collect
const SWEEP_ACTIVITIES = 3; // propose, record the decision, record the observation

/** A trial with nothing in it. */
export async function bareTrial(): Promise<void> {
  for (let i = 0; i < JOB_ACTIVITIES; i += 1) await nothing();
}

/** A sweep with nothing in it: decides one after the other, runs `parallel` trials at once. */
export async function bareSweep(trials: number, parallel: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < trials) {
      next += 1;
      for (let i = 0; i < SWEEP_ACTIVITIES - 1; i += 1) await nothing();
      await executeChild(bareTrial);
      await nothing();
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}
