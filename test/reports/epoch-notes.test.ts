import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { epochNotes } from '../../src/reports/epoch-notes.js';

const notesOf = (template: string): string[] => epochNotes(parseSweep(parse(template)));
const withoutCap = INIT_TEMPLATE.replace('maxEpochs: 4', '');
const withoutTokens = INIT_TEMPLATE.replaceAll(/tokens: \d+e9/g, '');

describe('what is noted of epochs before a sweep starts', () => {
  it('is that half of an epoch limit limits nothing', () => {
    expect(notesOf(INIT_TEMPLATE)).toEqual([]);
    expect(notesOf(withoutCap)).toEqual([expect.stringMatching(/^tokens of domains limit nothing without maxEpochs/)]);
    expect(notesOf(withoutTokens)).toEqual([expect.stringMatching(/^maxEpochs limits nothing/)]);
    expect(notesOf(withoutTokens.replace('maxEpochs: 4', ''))).toEqual([]);
  });

  it('leaves policies alone that read how many tokens there are for themselves', () => {
    expect(notesOf(withoutCap.replace('policy: titrate', 'policy: proportional'))).toEqual([]);
  });

  it('names a domain whose tokens are not enough for a step', () => {
    expect(notesOf(INIT_TEMPLATE.replace('tokens: 26e9', 'tokens: 26'))).toEqual([
      expect.stringMatching(/^book has 26 tokens, less than a step to the target/),
    ]);
  });
});
