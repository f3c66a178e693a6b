/** A process of the benchmark: runs the tasks that it is sent, one after the other. */
import { runTask, type Outcome, type Task } from './choice-task.js';

/** What became of a task: a policy may refuse a problem, which is no reason to lose the others. */
export type Reply = { readonly outcome: Outcome } | { readonly task: Task; readonly error: string };

const replyTo = (task: Task): Reply => {
  try {
    return { outcome: runTask(task) };
  } catch (error) {
    return { task, error: error instanceof Error ? error.message : String(error) };
  }
};

process.on('message', (task: Task) => {
  process.send!(replyTo(task));
});
