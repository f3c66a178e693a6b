/** A process of the benchmark: runs the tasks that it is sent, one after the other. */
import { runTask, type Task } from './choice-task.js';

process.on('message', (task: Task) => {
  process.send!(runTask(task));
});
