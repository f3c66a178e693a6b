import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError, parseSweep, propose, recommend, type Observation } from '../src/index.js';

const sweepFile = {
  name: 'front-door',
  objective: { minimize: 'book_ce' },
  domains: { wikipedia: {}, github: { min: 0.02, max: 0.4 }, book: {} },
  scales: {
    '20M': { parameters: 20e6, tokensPerStep: 524288, steps: [2000, 6000] },
    '1B': { parameters: 1e9, tokensPerStep: 524288, steps: [2000, 6000] },
  },
  target: { scale: '1B', steps: 6000 },
  cost: { kind: 'flop' },
  budget: { targetRuns: 5 },
  policy: 'titrate',
  launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0 },
  seed: 7,
};

describe('the public API', () => {
  it('leads from a sweep file to a proposal and a recommendation', () => {
    const sweep = parseSweep(sweepFile);
    const proposal = propose(sweep, [], { seed: 7 });
    expect(Object.keys(proposal!).sort()).toEqual(['cost', 'explanation', 'mixture', 'scale', 'steps']);
    const { mixture, scale, steps } = proposal!;
    const observation: Observation = {
      trial: 'a',
      mixture,
      scale,
      steps,
      status: 'completed',
      metrics: { book_ce: 3 },
    };
    const { mean, sd, nearOptimal } = recommend(sweep, [observation], { seed: 7 });
    expect(Number.isFinite(mean) && sd > 0 && nearOptimal.length > 0).toBe(true);
  });

  it('refuses what it does not know', () => {
    const sweep = parseSweep(sweepFile);
    expect(() => propose(sweep, [{ trial: 'a' } as Observation], { seed: 7 })).toThrow(InputError);
  });

  it('stands on rooms that read no clock, no global chance and no Node module', () => {
    for (const room of ['domain', 'surrogate', 'policy']) {
      const files = readdirSync(`src/${room}`, { recursive: true, encoding: 'utf8' });
      for (const file of files.filter((name) => name.endsWith('.ts'))) {
        const text = readFileSync(`src/${room}/${file}`, 'utf8');
        expect(text, `${room}/${file}`).not.toMatch(/from 'node:|Math\.random|Date\.now|new Date|performance\.now/);
      }
    }
  });
});
