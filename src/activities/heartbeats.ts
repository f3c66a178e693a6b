import { heartbeat } from '@temporalio/activity';

const HEARTBEAT_MS = 5_000; // a quarter of the heartbeat time-out that the workflows set

/** Heartbeats while something takes its time, so that a dead worker is noticed soon. */
export const whileHeartbeating = async <T>(work: Promise<T>, details?: unknown): Promise<T> => {
  const timer = setInterval(() => heartbeat(details), HEARTBEAT_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
};
