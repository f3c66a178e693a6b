import { readFile } from 'node:fs/promises';
import type { V1PolicyRule } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isTitrateError } from '../../src/domain/errors.js';
import type { Launcher } from '../../src/domain/ports.js';
import { waitForState } from '../launchers/conformance.js';
import { makeHarness, withLab, type KubernetesHarness } from './harness.js';

const lab = withLab();
let harness: KubernetesHarness;
let rules: readonly V1PolicyRule[];
beforeAll(async () => {
  harness = await makeHarness(lab(), { isShared: false });
  const text = await readFile(new URL('../../config/kubernetes/role.yaml', import.meta.url), 'utf8');
  rules = (parse(text) as { rules: V1PolicyRule[] }).rules;
});
afterAll(async () => harness.close());

let last = 0;
const newKey = (): string => `sweep.r${(last += 1)}.g1`;

/** A launcher as a user of these rights. */
const launcherOf = async (name: string, some: readonly V1PolicyRule[]): Promise<Launcher> =>
  harness.createLauncher({ kubeconfig: await lab().addUser(harness.namespace, name, some) });

/** Everything that a launcher does, one after the other. */
const doEverything = async (launcher: Launcher): Promise<void> => {
  const quick = await launcher.launch(harness.quickJob(newKey()));
  const state = await waitForState(launcher, quick, ['ended', 'unknown']);
  if (state.state === 'unknown') throw new Error(state.reason);
  await launcher.collect(quick);
  const long = await launcher.launch(harness.longJob(newKey()));
  await launcher.list();
  await launcher.stop(long);
};

/** The rules without one verb of one resource. */
const without = (resource: string, verb: string): V1PolicyRule[] =>
  rules
    .map((rule) =>
      rule.resources?.includes(resource) === true ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    )
    .filter(({ verbs }) => verbs.length > 0);

describe('The Role of config/kubernetes/role.yaml', () => {
  it('is enough for everything that a launcher does', async () => {
    await doEverything(await launcherOf('enough', rules));
  });

  it.each([
    ['jobs', 'create'],
    ['jobs', 'get'],
    ['jobs', 'list'],
    ['jobs', 'patch'],
    ['jobs', 'delete'],
    ['pods', 'list'],
    ['pods', 'watch'],
    ['pods/log', 'get'],
  ])('has nothing too much: without %s %s, an error says what is missing', async (resource, verb) => {
    const launcher = await launcherOf(`no-${resource.replace('/', '-')}-${verb}`, without(resource, verb));
    const error: unknown = await doEverything(launcher).catch((found: unknown) => found);
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message).toContain('403');
    expect(message).toMatch(
      verb === 'watch' ? /cannot watch pods/ : new RegExp(`cannot ${verb} resource "${resource}"`),
    );
    if (isTitrateError(error)) expect(error.hint).toContain('kubernetes/role.yaml');
  });

  it('needs the right to delete pods for those that somebody orphaned', async () => {
    const launcher = await launcherOf('no-pods-delete', without('pods', 'delete'));
    const ref = await launcher.launch(harness.longJob(newKey()));
    await lab().waitForPod(harness.namespace, ({ status }) => status?.phase === 'Running');
    await lab().deleteJob(harness.namespace, ref.native.split('/')[1] ?? '', 'Orphan');
    const error: unknown = await launcher.stop(ref).catch((found: unknown) => found);
    expect((error as Error).message).toContain('cannot delete resource "pods"');
    await harness.createLauncher().stop(ref);
  });

  it('tells events for messages only: a job is launched and collected without them', async () => {
    const launcher = await launcherOf('no-events', without('events', 'list'));
    const template = { spec: { serviceAccountName: 'nobody' } };
    const ref = await harness.createLauncher({ template }).launch(harness.quickJob(newKey()));
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'running', waiting: 'it has no pod yet' });
    await launcher.stop(ref);
    await doEverything(launcher);
  });
});
