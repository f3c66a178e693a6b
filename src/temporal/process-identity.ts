import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** One process for ever: a pid alone is used again by others. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own words (Linux: clock ticks since boot); compared, never read. */
  readonly startTime: string;
  /** Which boot of the machine it belongs to. */
  readonly bootId: string;
  /** Name of the machine or container: elsewhere, our process table says nothing about it. */
  readonly host: string;
}

/** `elsewhere`: it ran on another machine or in another container, and nobody here can tell. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

const STAT_FIELDS_BEFORE_START = 19; // /proc/PID/stat: starttime is field 22, and two fields end with the last ')'

const output = (program: string, args: readonly string[]): string => {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000 }).trim();
  } catch {
    return '';
  }
};

const linuxStartTime = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; only its parent has not asked yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[STAT_FIELDS_BEFORE_START];
  } catch {
    return undefined;
  }
};

const startTimeOf = (pid: number): string | undefined => {
  if (process.platform === 'linux') return linuxStartTime(pid);
  return output('ps', ['-o', 'lstart=', '-p', String(pid)]) || undefined;
};

const bootIdNow = (): string => {
  if (process.platform !== 'linux') return output('sysctl', ['-n', 'kern.boottime']);
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};

/** Names a running process; undefined when there is none of this pid. */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootIdNow(), host: hostname() };
};

/** Says whether exactly this process still runs. A later process of the same pid is another one. */
export const liveness = (identity: ProcessIdentity): Liveness => {
  if (identity.host !== hostname()) return 'elsewhere';
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId ? 'alive' : 'dead';
};

/** Does exactly this process run here? */
export const isAlive = (identity: ProcessIdentity): boolean => liveness(identity) === 'alive';

/** Reads an identity out of parsed JSON; undefined when it is none. */
export const identityFrom = (value: unknown): ProcessIdentity | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTime, bootId, host } = value as Record<string, unknown>;
  if (
    typeof pid !== 'number' ||
    typeof startTime !== 'string' ||
    typeof bootId !== 'string' ||
    typeof host !== 'string'
  )
    return undefined;
  return { pid, startTime, bootId, host };
};

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Waits until the process is gone; false when it still runs after `timeoutMs`. */
export const waitUntilGone = async (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> => {
  const end = Date.now() + timeoutMs;
  while (isAlive(identity)) {
    if (Date.now() > end) return false;
    await sleep(50);
  }
  return true;
};
