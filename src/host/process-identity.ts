/** Who a process is: for ever and across reboots, containers and machines. */
import { execFile } from 'node:child_process'; // not execa: every job's wrapper loads this file and stays for days
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { StateError } from '../domain/errors.js';
import { errnoOf } from './disk-errors.js';

/** One boot of one machine, and the process table on it that we can see. */
interface HostIdentity {
  readonly host: string;
  /** Unique per boot, over all machines. */
  readonly bootId: string;
  /** Linux process namespace: containers on one machine number their processes apart; empty on macOS. */
  readonly pidNamespace: string;
}

/** One process for ever: a pid alone is given out again. */
export interface ProcessIdentity extends HostIdentity {
  readonly pid: number;
  /** When it started, in the system's own words (Linux: ticks since boot); compared, never read. */
  readonly startTime: string;
}

/** Whether a process lives. Where that cannot be told, the reason; never a guess. */
export type Liveness = 'alive' | 'dead' | { readonly unknown: string };

const START_TIME_FIELD = 19; // /proc/PID/stat: field 22 of all, the state (field 3) being 0 here

const run = promisify(execFile);
const stableWords = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }; // ps words its times by locale and time zone

const isPlatform = (name: NodeJS.Platform): boolean => process.platform === name;

const existsInTable = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
};

/** Reads state and start time out of /proc/PID/stat; the command's name may hold spaces and parentheses. */
const parseStat = (stat: string): string | undefined => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isZombie = fields[0] === 'Z' || fields[0] === 'X'; // ended; only its parent has not asked yet
  return isZombie ? undefined : fields[START_TIME_FIELD];
};

const linuxStartTime = async (pid: number): Promise<string | undefined> => {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    const isGone = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH';
    // Mounted with hidepid, /proc does not show the processes of others: they are not dead.
    if (isGone && !existsInTable(pid)) return undefined;
    throw error;
  }
};

const macStartTime = async (pid: number): Promise<string | undefined> => {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: stableWords });
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') ? undefined : started.join(' ');
  } catch (error) {
    if ((error as { code?: unknown }).code === 1) return undefined; // ps found no such process
    throw error;
  }
};

const startTimeOf = (pid: number): Promise<string | undefined> =>
  isPlatform('linux') ? linuxStartTime(pid) : macStartTime(pid);

const readHost = async (): Promise<HostIdentity> => {
  if (isPlatform('linux')) {
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return { host: hostname(), bootId, pidNamespace: await readlink('/proc/self/ns/pid') };
  }
  if (isPlatform('darwin')) {
    // Not kern.boottime: it moves when the clock is set.
    const { stdout } = await run('sysctl', ['-n', 'kern.bootsessionuuid']);
    return { host: hostname(), bootId: stdout.trim(), pidNamespace: '' };
  }
  throw new StateError(`expected Linux or macOS; found ${process.platform}`, {
    hint: 'run titrate on Linux or macOS; on Windows, in its subsystem for Linux',
  });
};

let known: Promise<HostIdentity> | undefined;

/** Names the machine, its boot and the process table that this process lives in. */
const thisHost = (): Promise<HostIdentity> => {
  known ??= readHost().catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
};

/** Names a running process; undefined when no process has this pid. @throws when the system does not say. */
export const identify = async (pid: number): Promise<ProcessIdentity | undefined> => {
  const startTime = await startTimeOf(pid);
  return startTime === undefined ? undefined : { ...(await thisHost()), pid, startTime };
};

/** Names this very process. @throws when the system does not say. */
export const identifySelf = async (): Promise<ProcessIdentity> => {
  const self = await identify(process.pid);
  if (self === undefined) throw new StateError('this process cannot see itself in the process table');
  return self;
};

const compareHosts = (there: HostIdentity, here: HostIdentity): 'same' | 'rebooted' | { unknown: string } => {
  if (there.bootId === here.bootId) {
    if (there.pidNamespace === here.pidNamespace) return 'same';
    return { unknown: `it started in another container of this machine (host ${there.host}, here ${here.host})` };
  }
  if (there.host === here.host) return 'rebooted';
  return { unknown: `it started on host ${there.host}; from ${here.host} its processes cannot be seen` };
};

/** Tells whether exactly this process still runs; a later process of the same pid is another one. */
export const liveness = async (identity: ProcessIdentity): Promise<Liveness> => {
  try {
    const host = compareHosts(identity, await thisHost());
    if (typeof host === 'object') return host;
    if (host === 'rebooted') return 'dead';
    return (await startTimeOf(identity.pid)) === identity.startTime ? 'alive' : 'dead';
  } catch (error) {
    return { unknown: `process ${identity.pid} cannot be looked up: ${String(error)}` };
  }
};
