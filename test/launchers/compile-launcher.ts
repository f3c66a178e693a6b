import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache/titrate-tests'); // inside the package, so that its dependencies are found
const rooms = ['domain', 'host', 'launchers'];

const readSources = (): Map<string, string> => {
  const files = rooms.flatMap((room) => readdirSync(join(root, 'src', room)).map((name) => join(room, name)));
  const sources = files.filter((file) => file.endsWith('.ts')).sort();
  return new Map(sources.map((file) => [file, readFileSync(join(root, 'src', file), 'utf8')]));
};

const compileTo = (out: string, sources: ReadonlyMap<string, string>): void => {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
  for (const [file, source] of sources) {
    const target = join(out, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(source, { compilerOptions, fileName: file }).outputText);
  }
};

/** Compiles the launchers as they are now, so that tests with real processes need no build; returns the folder. */
export const compileLaunchers = (): string => {
  const sources = readSources();
  const digest = createHash('sha256')
    .update(JSON.stringify([...sources]))
    .digest('hex');
  const out = join(cache, `launchers-${digest.slice(0, 16)}`);
  if (existsSync(out)) return out;
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, 'new-'));
  compileTo(temporary, sources);
  try {
    renameSync(temporary, out);
  } catch {
    rmSync(temporary, { recursive: true }); // another test file was faster
  }
  return out;
};
