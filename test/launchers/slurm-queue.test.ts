import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/launchers/slurm/slurm-answers.js';
import type { SlurmCalls } from '../../src/launchers/slurm/slurm-calls.js';
import { SlurmQueue } from '../../src/launchers/slurm/slurm-queue.js';

/** A controller that answers when it is told to. */
class SlowController implements SlurmCalls {
  readonly answers: ((answer: Answer) => void)[] = [];

  ask = (): Promise<Answer> => new Promise((resolve) => this.answers.push(resolve));
}

const done: Answer = { kind: 'done', stdout: '7|RUNNING|name|None|(null)\n' };
const silent: Answer = { kind: 'uncertain', text: 'no answer in time' };

describe('a queue that many look at', () => {
  it('is asked once for as long as the controller takes to answer, and anew after that', async () => {
    const controller = new SlowController();
    const queue = new SlurmQueue(controller, -1); // what was answered is too old at once
    const first = queue.look();
    const second = queue.look();
    expect(controller.answers).toHaveLength(1);
    controller.answers[0]?.(done);
    expect((await first).named('name')).toMatchObject([{ id: '7' }]);
    expect(await second).toBe(await first);
    void queue.look();
    expect(controller.answers).toHaveLength(2);
  });

  it('is asked anew when the controller did not answer, and by whoever has changed something', async () => {
    const controller = new SlowController();
    const queue = new SlurmQueue(controller, 60_000);
    const first = queue.look();
    void queue.lookNow();
    expect(controller.answers).toHaveLength(2);
    controller.answers[0]?.(done);
    await first;
    const later = queue.look(); // of the second question
    controller.answers[1]?.(silent);
    await expect(later).rejects.toThrow('Slurm does not answer');
    void queue.look();
    expect(controller.answers).toHaveLength(3);
  });
});
