import { describe, expect, it } from 'vitest';
import type { KubernetesChoice } from '../../src/domain/kubernetes-choice.js';
import { kubernetesNotes } from '../../src/reports/kubernetes-notes.js';
import { makeSweep } from '../policy/sweeps.js';

const notesOf = (pods: Partial<KubernetesChoice>): string[] =>
  kubernetesNotes(makeSweep({ launcher: { kind: 'kubernetes', graceSeconds: 30, keepSeconds: 3600, ...pods } }));

const withContainer = (name: string, image?: string) => ({
  template: { spec: { containers: [{ name, ...(image === undefined ? {} : { image }) }] } },
});

describe('a Kubernetes job without an image', () => {
  it.each([
    ['nothing', {}],
    ['a container of another name', withContainer('trainer', 'team/train')],
    ['no image in its container', withContainer('job')],
  ])('is told of every scale: %s', (_, pods) => {
    expect(notesOf(pods)).toHaveLength(3);
    expect(notesOf(pods)[0]).toMatch(/^jobs at S have no image: give launcher\.image/);
  });

  it('names the containers that do not train', () => {
    expect(notesOf(withContainer('trainer', 'team/train'))[0]).toMatch(
      /the template has trainer, beside which it runs$/,
    );
    expect(notesOf({})[0]).toMatch(/which is the one that trains$/);
  });

  it.each([
    ['of its own', { image: 'team/train' }],
    ['in the template', withContainer('job', 'team/train')],
    ['at every scale', { scales: { S: { image: 'a' }, M: withContainer('job', 'b'), L: { image: 'c' } } }],
  ])('is not, with one %s', (_, pods) => {
    expect(notesOf(pods)).toEqual([]);
  });

  it('is told of the scales that have none alone', () => {
    expect(notesOf({ scales: { S: { image: 'a' } } })).toEqual([
      expect.stringMatching(/^jobs at M /),
      expect.stringMatching(/^jobs at L /),
    ]);
  });

  it('is none of another launcher', () => {
    expect(kubernetesNotes(makeSweep())).toEqual([]);
  });
});
