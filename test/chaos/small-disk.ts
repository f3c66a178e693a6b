/** A small file system in memory, to be filled while sweeps run. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SIZE = '256m'; // a server is not started below 64 MB of free space
const CHUNK = Buffer.alloc(1 << 20);
const SMALLEST = 1 << 9; // bytes: nothing of ours is shorter
const KEEP_FULL_MS = 150; // what is freed meanwhile is taken again

const fillUp = (file: string): void => {
  for (let size = CHUNK.length; size >= SMALLEST;) {
    try {
      appendFileSync(file, CHUNK.subarray(0, size));
    } catch {
      size >>= 1;
    }
  }
};

export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Mounts one at `folder`; undefined where that is not allowed. */
  static mount(folder: string): SmallDisk | undefined {
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'ignore' });
      return new SmallDisk(folder);
    } catch {
      return undefined;
    }
  }

  /** Keeps the disk full for so long, then frees it. */
  async fill(forMs: number): Promise<void> {
    const file = join(this.folder, 'filling');
    writeFileSync(file, '');
    try {
      for (const end = performance.now() + forMs; performance.now() < end; await sleep(KEEP_FULL_MS)) fillUp(file);
    } finally {
      rmSync(file, { force: true });
    }
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder], { stdio: 'ignore' });
  }
}
