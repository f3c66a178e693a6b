import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLI_VERSION, cliCacheFolder, findTemporalCli } from '../../src/temporal/temporal-cli.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'titrate-cli-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const script = (path: string, body: string): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
};
const cli = (path: string, server = '1.29.1'): string =>
  script(path, `echo 'temporal version 1.5.1 (Server ${server}, UI 2.42.1)'`);
const env = (extra: Record<string, string> = {}): Record<string, string> => ({
  PATH: join(folder, 'bin'),
  XDG_CACHE_HOME: join(folder, 'cache'),
  ...extra,
});
// A machine may have Go where its installer puts it; these tests are about the routes before it.
const find = (extra: Record<string, string> = {}, more: object = {}) =>
  findTemporalCli({ env: env(extra), sdkFolder: join(folder, 'tmp'), mayBuild: false, ...more });

describe('the way to a Temporal CLI', () => {
  it('goes by TITRATE_TEMPORAL_CLI, PATH, the cache and the SDK’s download, in this order', async () => {
    const cached = join(cliCacheFolder(env()), 'temporal');
    cli(join(folder, 'tmp', 'temporal-sdk-typescript-1.9.0'));
    const downloaded = cli(join(folder, 'tmp', 'temporal-sdk-typescript-1.24.0'));
    cli(join(folder, 'tmp', 'temporal-test-server-sdk-typescript-1.24.0'));
    expect(await find()).toMatchObject({ route: 'sdk-download', path: downloaded });
    cli(cached);
    expect(await find()).toEqual({ route: 'cache', path: cached, cliVersion: CLI_VERSION, serverVersion: '1.29.1' });
    const onPath = cli(join(folder, 'bin', 'temporal'));
    expect(await find()).toMatchObject({ route: 'PATH', path: onPath, cliVersion: '1.5.1' });
    const given = cli(join(folder, 'given'));
    expect(await find({ TITRATE_TEMPORAL_CLI: given })).toMatchObject({ route: 'TITRATE_TEMPORAL_CLI', path: given });
    // By a path that holds in the server's folder too.
    const relativePath = relative(process.cwd(), given);
    expect(await find({ TITRATE_TEMPORAL_CLI: relativePath })).toMatchObject({ path: given });
  });

  it('passes over a binary that does not run or is something else', async () => {
    script(join(folder, 'bin', 'temporal'), 'echo hello');
    const cached = cli(join(cliCacheFolder(env()), 'temporal'));
    expect(await find()).toMatchObject({ route: 'cache', path: cached });
  });

  it('passes over a server of another version than the database needs', async () => {
    cli(join(folder, 'bin', 'temporal'), '1.31.0');
    const cached = cli(join(cliCacheFolder(env()), 'temporal'));
    expect(await find({}, { serverVersion: '1.29.1' })).toMatchObject({ route: 'cache', path: cached });
    await expect(find({}, { serverVersion: '1.20.0' })).rejects.toThrow(
      /and a build with Go would have server 1\.29\.1\n {2}PATH: .* has server 1\.31\.0\n {2}cache: .* has server 1\.29\.1/,
    );
  });

  it('means the binary that is named, and no other', async () => {
    cli(join(folder, 'bin', 'temporal'));
    await expect(find({ TITRATE_TEMPORAL_CLI: join(folder, 'absent') })).rejects.toThrow(
      /^what TITRATE_TEMPORAL_CLI names is no Temporal CLI that can be used\n {2}TITRATE_TEMPORAL_CLI: cannot run .*absent/,
    );
  });

  it('says what to install when there is none', async () => {
    await expect(find()).rejects.toMatchObject({
      code: 'StateError',
      hint: expect.stringMatching(/Temporal CLI .*Go .*TEMPORAL_ADDRESS/s),
    });
  });
});

describe('building it with Go', () => {
  // A stand-in for Go that takes a moment and writes what it was asked for into GOBIN.
  const fakeGo = (body: string): string => script(join(folder, 'bin', 'go'), body);
  const pathEnv = (): Record<string, string> => env({ PATH: `${join(folder, 'bin')}:/usr/bin:/bin` });
  const build = (log: (line: string) => void = () => {}) =>
    findTemporalCli({ env: pathEnv(), sdkFolder: join(folder, 'tmp'), log });
  const BUILD = `echo "$@" >> COUNT_FILE
sleep 0.3
[ "$CGO_ENABLED" = 0 ] || exit 9
printf '#!/bin/sh\\necho "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)"\\n' > $GOBIN/temporal
chmod 755 $GOBIN/temporal`;

  it('happens once, when two ask at once, and leaves nothing half-made', async () => {
    const count = join(folder, 'count');
    fakeGo(BUILD.replace('COUNT_FILE', count));
    const lines: string[] = [];
    const [a, b] = await Promise.all([build((line) => lines.push(line)), build((line) => lines.push(line))]);
    expect(a).toEqual({
      route: 'go-build',
      path: join(cliCacheFolder(pathEnv()), 'temporal'),
      cliVersion: 'v1.5.1',
      serverVersion: '1.29.1',
    });
    expect(b.path).toBe(a.path);
    expect(readFileSync(count, 'utf8')).toBe('install -ldflags=-s -w github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
    expect(readdirSync(cliCacheFolder(pathEnv()))).toEqual(['temporal']);
    expect(lines.join('\n')).toMatch(/about four minutes/);
    expect(lines.join('\n')).toMatch(/another process is building/);
  });

  it('tells the end of what Go said when it fails, and leaves no binary', async () => {
    fakeGo('echo "dial tcp: no route to the module proxy" >&2; exit 1');
    await expect(build()).rejects.toThrow(/go install .* ended with 1:\ndial tcp: no route to the module proxy/);
    expect(existsSync(join(cliCacheFolder(pathEnv()), 'temporal'))).toBe(false);
    expect(readdirSync(cliCacheFolder(pathEnv()))).toEqual([]);
  });
});
