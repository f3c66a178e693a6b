// Five natural domains of text from the packages that are installed: the same tree always gives the same corpus.
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { symbolOf } from './model.mjs';

/** Domains, each with the files that belong to it; the first that matches takes a file. */
const DOMAINS = {
  licences: /(^|\/)(licen[cs]e|copying)([-.][^/]*)?$/i,
  types: /\.d\.ts$/,
  javascript: /(?<!\.min|\.bundle)\.[cm]?js$/,
  prose: /\.(md|markdown)$/i,
  json: /\.json$/,
};

export const DOMAIN_NAMES = ['javascript', 'types', 'prose', 'licences', 'json'];

const FORMAT = 4; // of the cache's files: raise it when anything here changes what is collected
const TRAIN_BYTES = 1 << 20; // 1 MiB a domain: more than any run reads
const HELD_OUT_BYTES = 1 << 17; // 128 KiB a domain
const FILE_BYTES = 1 << 14; // of one file: many small parts are more varied than a few large ones
const HELD_OUT_IN = 8; // one file of eight is held out
const LONGEST_LINE = 400; // bytes on average: generated and minified files have longer lines

/** Finds the installed packages: the outermost node_modules that holds this script, else the nearest above it. */
export const findPackages = (from = dirname(fileURLToPath(import.meta.url))) => {
  const given = process.env.TINY_LM_CORPUS;
  if (given !== undefined && given !== '') return given;
  const inside = from.split(`${sep}node_modules${sep}`);
  if (inside.length > 1) return join(inside[0], 'node_modules');
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules');
    if (folder === dirname(folder)) break;
  }
  throw new Error(`no installed packages above ${from}: run npm ci first, or name a folder of text in TINY_LM_CORPUS`);
};

const domainOf = (path) => Object.keys(DOMAINS).find((domain) => DOMAINS[domain].test(path));

/** Lists files of the domains below a folder, links and hidden names left out, as paths with forward slashes. */
const listFiles = (root) => {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && domainOf(path) !== undefined) found.push(path);
    }
  };
  walk('');
  return found;
};

const digest = (text) => createHash('sha256').update(text).digest();

/** Orders files by the hash of their path: a fair sample of all packages, whatever their number and names. */
const shuffle = (paths) =>
  paths
    .map((path) => ({ path, hash: digest(path) }))
    .sort((a, b) => Buffer.compare(a.hash, b.hash))
    .map(({ path, hash }) => ({ path, heldOut: hash.readUInt32BE(28) % HELD_OUT_IN === 0 }));

const readStart = (file) => {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(FILE_BYTES);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, FILE_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
};

const isText = (bytes) => {
  if (bytes.length === 0 || bytes.includes(0)) return false;
  let lines = 1;
  for (const byte of bytes) if (byte === 10) lines += 1;
  return bytes.length / lines <= LONGEST_LINE;
};

const collectDomain = (root, files) => {
  const seen = new Set();
  const parts = { train: [], heldOut: [] };
  const left = { train: TRAIN_BYTES, heldOut: HELD_OUT_BYTES };
  for (const { path, heldOut } of files) {
    const kind = heldOut ? 'heldOut' : 'train';
    if (left[kind] <= 0) continue;
    const bytes = readStart(join(root, path));
    const content = digest(bytes).toString('hex');
    if (seen.has(content) || !isText(bytes)) continue; // the same text must not be on both sides
    seen.add(content);
    parts[kind].push(bytes.subarray(0, left[kind]));
    left[kind] -= bytes.length;
  }
  const join_ = (list) =>
    Uint8Array.from(Buffer.concat(list.flatMap((bytes) => [bytes, Buffer.from('\n\n')])), symbolOf);
  return { train: join_(parts.train), heldOut: join_(parts.heldOut) };
};

const SMALLEST = 4096; // symbols; with less there is nothing to learn from or to judge by

const collect = (root, paths) => {
  const files = shuffle(paths);
  const corpus = {};
  for (const domain of DOMAIN_NAMES) {
    corpus[domain] = collectDomain(root, files.filter(({ path }) => domainOf(path) === domain)); // prettier-ignore
    const { train, heldOut } = corpus[domain];
    if (Math.min(train.length, heldOut.length) >= SMALLEST) continue;
    throw new Error(
      `too little ${domain} text in ${root}: expected ${SMALLEST} bytes to train on and to hold out; found ${train.length} and ${heldOut.length}`,
    );
  }
  return corpus;
};

/** Names what is installed: npm's own record of the tree where there is one, else the list of files. */
const identify = (root) => {
  const record = join(root, '.package-lock.json');
  const content = existsSync(record)
    ? readFileSync(record)
    : listFiles(root)
        .sort((a, b) => (a < b ? -1 : 1))
        .join('\n');
  return createHash('sha256').update(`${FORMAT}\n${root}\n`).update(content).digest('hex').slice(0, 32);
};

const cacheFolder = () => join(tmpdir(), `titrate-tiny-lm-${userInfo().username}`);

const pack = (corpus) => {
  const parts = DOMAIN_NAMES.flatMap((domain) => [corpus[domain].train, corpus[domain].heldOut]);
  const body = Buffer.concat(parts);
  const header = JSON.stringify({ sizes: parts.map((part) => part.length), sha256: digest(body).toString('hex') });
  return Buffer.concat([Buffer.from(`${header}\n`), body]);
};

const unpack = (bytes) => {
  const end = bytes.indexOf(10);
  const { sizes, sha256 } = JSON.parse(bytes.subarray(0, end).toString());
  const body = bytes.subarray(end + 1);
  if (digest(body).toString('hex') !== sha256) throw new Error('the cached corpus is damaged');
  let at = 0;
  const take = (size) => Uint8Array.from(body.subarray(at, (at += size)));
  return Object.fromEntries(DOMAIN_NAMES.map((domain, i) => [domain, { train: take(sizes[2 * i]), heldOut: take(sizes[2 * i + 1]) }])); // prettier-ignore
};

const readCache = (file) => {
  try {
    return unpack(readFileSync(file));
  } catch {
    return undefined; // absent or damaged: collect again
  }
};

const writeCache = (file, corpus) => {
  const temporary = `${file}.${randomUUID()}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, pack(corpus));
    renameSync(temporary, file); // whole or not at all, whoever else is writing the same
  } catch {
    rmSync(temporary, { force: true }); // a cache is never needed
  }
};

/** Returns `{ <domain>: { train, heldOut } }`, each a Uint8Array of symbols. */
export const loadCorpus = (root = findPackages()) => {
  const file = join(cacheFolder(), `${identify(root)}.bin`);
  const cached = readCache(file);
  if (cached !== undefined) return cached;
  const corpus = collect(root, listFiles(root));
  writeCache(file, corpus);
  return corpus;
};
