/** One Kubernetes control plane: started, killed, frozen, and started again on the same state. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { findControlPlane } from './build-control-plane.js';

const Announcement = z.object({ url: z.string(), token: z.string(), ca: z.string(), readyMs: z.number() });

export interface ControlPlane {
  /** Folder of its state, keys and certificates. */
  readonly folder: string;
  /** A kubeconfig of an administrator, certificate included. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly ca: string;
  readonly pid: () => number;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same state and port. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** Writes a kubeconfig for a bearer token. */
export const writeKubeconfig = async (
  file: string,
  { url, ca, token, namespace = 'default' }: { url: string; ca: string; token: string; namespace?: string },
): Promise<string> => {
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [{ name: 'lab', cluster }],
    users: [{ name: 'lab', user: { token } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab', namespace } }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
};

interface Running {
  readonly process: ChildProcess;
  readonly said: z.infer<typeof Announcement>;
}

const firstLine = async (process: ChildProcess): Promise<string> => {
  let errors = '';
  process.stderr?.on('data', (chunk) => (errors += String(chunk)));
  const lines = createInterface({ input: process.stdout! });
  const line = await Promise.race([once(lines, 'line'), once(process, 'exit').then(() => undefined)]);
  if (line === undefined) throw new Error(`the control plane ended: ${errors}`);
  return String(line[0]);
};

const start = async (program: string, folder: string, token: string, port: number): Promise<Running> => {
  const args = ['-dir', folder, '-token', token, '-port', String(port)];
  // Its standard input closes with this process, whatever ends it: then it leaves too.
  const process = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  return { process, said: Announcement.parse(JSON.parse(await firstLine(process))) };
};

const end = async ({ process }: Running, signal: NodeJS.Signals): Promise<void> => {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, 'exit');
  process.kill(signal);
  await gone;
};

/** Starts a control plane with RBAC on a free port. */
export const startControlPlane = async (): Promise<ControlPlane> => {
  const program = await findControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'titrate-kubernetes-'));
  const token = randomBytes(16).toString('hex');
  let running = await start(program, folder, token, 0);
  const { url, ca } = running.said;
  const kubeconfig = await writeKubeconfig(join(folder, 'admin.kubeconfig'), { url, ca, token });
  return {
    folder,
    kubeconfig,
    url,
    ca,
    pid: () => running.process.pid ?? 0,
    kill: () => end(running, 'SIGKILL'),
    restart: async () => {
      await end(running, 'SIGKILL');
      running = await start(program, folder, token, Number(new URL(url).port));
    },
    freeze: () => void running.process.kill('SIGSTOP'),
    thaw: () => void running.process.kill('SIGCONT'),
    close: async () => {
      await end(running, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
};
