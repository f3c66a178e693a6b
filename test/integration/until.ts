import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/** Waits until `holds`; fails by its name when it does not within the time. */
export const until = async (
  what: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 90_000,
): Promise<void> => {
  for (const end = Date.now() + timeoutMs; !(await holds()); await sleep(LOOK_EVERY_MS)) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what}`);
  }
};
