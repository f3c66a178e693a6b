/** The configuration files of a throw-away Slurm cluster. */
import { userInfo } from 'node:os';
import { join } from 'node:path';

export interface LabPorts {
  readonly controller: number;
  readonly accounting: number;
  readonly database: number;
  readonly nodes: readonly number[];
}

export interface LabSettings {
  /** Absolute, short (sockets lie in it), and every folder above it open to all (munge checks that). */
  readonly folder: string;
  readonly accounting: boolean;
  readonly ports: LabPorts;
  /** A client gives up after this long (s); so does slurmctld with a node. */
  readonly messageTimeoutSeconds: number;
  /** A node that is silent for so long is down (s). */
  readonly nodeTimeoutSeconds: number;
  /** The controller forgets a job so long after its end (s). */
  readonly minJobAgeSeconds: number;
}

export const labPaths = (folder: string) => ({
  config: join(folder, 'etc/slurm.conf'),
  mungeSocket: join(folder, 'munge/socket'),
  mungeKey: join(folder, 'munge/key'),
  savedState: join(folder, 'state/job_state'),
  log: (name: string) => join(folder, 'log', `${name}.log`),
});

/** slurm.conf takes each key once, or complains at every call. */
const lines = (settings: Readonly<Record<string, string | number>>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

const PARTITIONS = [
  // A job of `urgent` takes the place of one of `low` (which Slurm requeues) or of `spot` (which it ends).
  'urgent Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 PriorityTier=10 PreemptMode=OFF',
  'low Nodes=ALL MaxTime=INFINITE DefaultTime=60 PriorityTier=1 PreemptMode=REQUEUE',
  'spot Nodes=ALL MaxTime=INFINITE DefaultTime=60 PriorityTier=1 PreemptMode=CANCEL',
  'short Nodes=ALL MaxTime=2 DefaultTime=1 PriorityTier=10 PreemptMode=OFF',
];

const baseConfig = ({ folder, ports, ...settings }: LabSettings): string =>
  lines({
    ClusterName: 'lab',
    SlurmctldHost: 'localhost(127.0.0.1)',
    SlurmctldPort: ports.controller,
    SlurmUser: userInfo().username,
    SlurmdUser: userInfo().username,
    AuthType: 'auth/munge',
    CredType: 'cred/munge',
    AuthInfo: `socket=${labPaths(folder).mungeSocket},cred_expire=5`, // a requeued job starts after this and 1 s
    StateSaveLocation: join(folder, 'state'),
    SlurmdSpoolDir: join(folder, 'spool/%n'),
    SlurmctldPidFile: join(folder, 'run/slurmctld.pid'),
    SlurmdPidFile: join(folder, 'run/slurmd.%n.pid'),
    SlurmctldLogFile: join(folder, 'log/slurmctld.log'),
    SlurmdLogFile: join(folder, 'log/slurmd.%n.log'),
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    JobAcctGatherType: 'jobacct_gather/linux',
    MpiDefault: 'none',
    SwitchType: 'switch/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_Core',
    SchedulerType: 'sched/builtin', // jobs that backfill starts are not saved at once, and run twice after a crash
    SchedulerParameters: 'batch_sched_delay=0,sched_interval=1',
    EnforcePartLimits: 'ALL',
    PreemptType: 'preempt/partition_prio',
    PreemptMode: 'REQUEUE',
    JobRequeue: 1,
    GresTypes: 'gpu',
    KillWait: 5,
    InactiveLimit: 0,
    SlurmctldTimeout: 30,
    MinJobAge: settings.minJobAgeSeconds,
    SlurmdTimeout: settings.nodeTimeoutSeconds,
    MessageTimeout: settings.messageTimeoutSeconds,
    ReturnToService: 2,
    SlurmdParameters: 'config_overrides', // more processors than there are
  });

const accountingConfig = ({ folder, accounting, ports }: LabSettings): string =>
  accounting
    ? lines({
        AccountingStorageType: 'accounting_storage/slurmdbd',
        AccountingStorageHost: '127.0.0.1',
        AccountingStoragePort: ports.accounting,
        AccountingStoragePass: labPaths(folder).mungeSocket,
        AccountingStoreFlags: 'job_comment',
      })
    : '';

const nodeConfig = ({ ports }: LabSettings): string =>
  ports.nodes
    .map(
      (port, i) =>
        `NodeName=n${i + 1} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${port} CPUs=4 RealMemory=8000 Gres=gpu:2 State=UNKNOWN\n`,
    )
    .join('');

const accountingDaemonConfig = ({ folder, ports }: LabSettings): string =>
  lines({
    DbdHost: 'localhost',
    DbdAddr: '127.0.0.1',
    DbdPort: ports.accounting,
    SlurmUser: userInfo().username,
    AuthType: 'auth/munge',
    AuthInfo: `socket=${labPaths(folder).mungeSocket},cred_expire=5`,
    PidFile: join(folder, 'run/slurmdbd.pid'),
    LogFile: join(folder, 'log/slurmdbd.log'),
    StorageType: 'accounting_storage/mysql',
    StorageHost: '127.0.0.1',
    StoragePort: ports.database,
    StorageUser: 'slurm',
    StoragePass: 'slurm',
    StorageLoc: 'slurm_acct_db',
  });

const DATABASE_SETUP = `CREATE DATABASE IF NOT EXISTS slurm_acct_db;
CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
CREATE USER IF NOT EXISTS 'slurm'@'localhost' IDENTIFIED BY 'slurm';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'localhost';
`;

/** The files, by name inside the lab's folder. */
export const labFiles = (settings: LabSettings): Readonly<Record<string, string>> => ({
  'etc/slurm.conf':
    baseConfig(settings) +
    accountingConfig(settings) +
    nodeConfig(settings) +
    PARTITIONS.map((partition) => `PartitionName=${partition}\n`).join(''),
  'etc/cgroup.conf': 'CgroupPlugin=cgroup/v1\n', // unused; without it slurmd looks for a mounted cgroup2 and dies
  'etc/gres.conf': `AutoDetect=off\nNodeName=n[1-${settings.ports.nodes.length}] Name=gpu File=${settings.folder}/gpu[0-1]\n`,
  'etc/slurmdbd.conf': accountingDaemonConfig(settings),
  'db/setup.sql': DATABASE_SETUP,
  gpu0: '',
  gpu1: '',
});
