// Adds to package-lock.json the optional packages of other systems (native prebuilds) that npm left out of it: it does so
// when the registry in use did not serve them, and `npm ci` then refuses the lock everywhere. An entry needs no download:
// its version is the exact one that its parent asks for, and its system is in its name. Run it after changing dependencies:
//   node scripts/complete-lock.mjs [folder]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = join(process.argv[2] ?? '.', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));

const SYSTEMS = ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openharmony', 'netbsd', 'openbsd', 'sunos', 'aix'];
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el', 'wasm32'];
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Reads system and processor out of a name such as @swc/core-linux-arm64-gnu; undefined when it names no system. */
const platformOf = (name) => {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return { cpu: [cpu], ...(os === 'linux' && libc !== undefined ? { libc: [libc] } : {}), os: [os] };
};

let added = 0;
for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const at = `node_modules/${name}`;
    const platform = platformOf(name);
    if (parentPath === '' || lock.packages[at] !== undefined || platform === undefined || !EXACT.test(version))
      continue;
    const { cpu, ...rest } = platform;
    lock.packages[at] = { version, cpu, ...(parent.dev ? { dev: true } : {}), optional: true, ...rest };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.error(`package-lock.json: added ${added} optional packages of other systems`);
