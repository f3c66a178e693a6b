import { describe, expect, it } from 'vitest';
import { plotChoices } from '../../bench/choice-plot.js';
import { runTask, type Task } from '../../bench/choice-task.js';

const TASK: Task = {
  problem: 'law3-one',
  policy: 'random',
  seed: 1,
  noise: 0,
  budget: 600,
  parallel: 1,
  moments: 'all',
};

describe('a sweep of the benchmark', () => {
  it('spends its budget, a run after the other, and knows more with each', () => {
    const { moments, spendByScale, targetCost } = runTask(TASK);
    expect(moments.map(({ cost }) => Math.round(cost))).toEqual([100, 200, 300, 400, 500, 600]);
    expect(moments.map(({ wall }) => wall)).toEqual(moments.map(({ cost }) => cost));
    expect(spendByScale['1000M']).toBeCloseTo(600, 6);
    expect(targetCost).toBeCloseTo(100, 9);
    expect(moments.at(-1)!.regret).toBeLessThanOrEqual(moments[0]!.regret);
  });

  it('looks only where a cost mark is passed and at the end, on request, and sees the same there', () => {
    const all = runTask(TASK).moments;
    const marked = runTask({ ...TASK, moments: 'marks' }).moments;
    // The marks 100, 196, 300 and 500 are passed with 100, 100, 300 and 500 spent.
    expect(marked.map(({ cost }) => Math.round(cost))).toEqual([100, 300, 500, 600]);
    expect(all).toEqual(expect.arrayContaining([...marked]));
  });

  it('judges held-out mixtures at the marks', () => {
    const { moments } = runTask(TASK);
    expect(moments.map(({ heldOut }) => heldOut?.of)).toEqual([20, undefined, 20, undefined, 20, 20]);
  });

  it('takes a third of the time with three trials in flight', () => {
    const { moments } = runTask({ ...TASK, parallel: 3 });
    expect(moments.map(({ wall }) => Math.round(wall))).toEqual([100, 100, 100, 200, 200, 200]);
    expect(moments.at(-1)!.cost).toBeCloseTo(600, 6);
  });

  it('spends no more than a narrowed problem has', () => {
    const { moments } = runTask({ ...TASK, policy: 'titrate', problem: 'law3-one+tiny' });
    expect(moments.at(-1)!.cost).toBeLessThanOrEqual(10);
  });
});

describe('the plot of regret against cost', () => {
  it('draws a panel for each family and a line for each policy, all of it in numbers', () => {
    const outcome = runTask(TASK);
    const other = { ...outcome, family: 'a < b', task: { ...outcome.task, policy: 'titrate' } };
    const svg = plotChoices([outcome, other]);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    for (const text of ['law3', 'a &lt; b', 'random', 'titrate']) expect(svg).toContain(`>${text}</text>`);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.match(/class="band"/g)).toHaveLength(4);
  });
});
