/** Gets Slurm, munge and MariaDB from the distribution's packages where that is allowed. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';

/** Program to the Debian package that has it. */
const NEEDED: Readonly<Record<string, string>> = {
  slurmctld: 'slurmctld',
  slurmd: 'slurmd',
  sbatch: 'slurm-client',
  munged: 'munge',
  slurmdbd: 'slurmdbd',
  mariadbd: 'mariadb-server-core',
  my_print_defaults: 'mariadb-client-core', // mariadb-install-db dies without it
};

const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const isInstalled = (program: string): boolean => FOLDERS.some((folder) => existsSync(join(folder, program)));

const missingPackages = (): string[] =>
  Object.entries(NEEDED)
    .filter(([program]) => !isInstalled(program))
    .map(([, name]) => name);

/** The way to become root without being asked for a password; undefined when there is none. */
const rootPrefix = async (): Promise<string[] | undefined> => {
  if (process.getuid?.() === 0) return [];
  const { exitCode } = await execa('sudo', ['-n', 'true'], { reject: false });
  return exitCode === 0 ? ['sudo', '-n'] : undefined;
};

const install = async (packages: readonly string[], prefix: readonly string[]): Promise<void> => {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const [program = '', ...rest] = [...prefix, ...args];
    await execa(program, rest, { env, stdin: 'ignore' });
  }
};

/** Installs what is missing. @throws when it may not, naming the packages */
export const installSlurm = async (log: (line: string) => void): Promise<void> => {
  const packages = missingPackages();
  if (packages.length === 0) return;
  const names = packages.join(' ');
  const prefix = isInstalled('apt-get') ? await rootPrefix() : undefined;
  if (prefix === undefined) {
    throw new Error(
      `these tests need a real Slurm, and this user may not install it: as root, apt-get install --no-install-recommends ${names}`,
    );
  }
  log(`slurm: installing ${names} (12 MB to download, 10 to 20 s) ...`);
  const began = performance.now();
  await install(packages, prefix);
  log(`slurm: installed in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const left = missingPackages();
  if (left.length > 0) throw new Error(`these packages do not have what the tests need: ${left.join(' ')}`);
};
