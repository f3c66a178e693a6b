/**
 * Keeps a query from moving a workflow on.
 *
 * A worker that has to rebuild a workflow in order to answer a query is given its whole history, and what came after the
 * last task is handed to the workflow as if it were a task: at the time of the task before, and apart from what the coming
 * task will bring. A replay sees both at once and at another time, tells another story, and the workflow stands still for
 * good. (SDK Core 1.24.0; measured: with queries, workers killed and no guard, 3 workflows of 10 did not replay.) Such news is
 * refused: the query fails, the workflow is put away, and the coming task rebuilds it.
 */
import type { ActivateInput, WorkflowInterceptors } from '@temporalio/workflow';
import { EARLY_NEWS } from '../domain/early-news.js';

type Activation = ActivateInput['activation'];

/** Where in its history a workflow stood when it was moved on. */
interface Stand {
  readonly at: string;
  /** In bytes, as the task said; absent on servers that do not say it. */
  readonly size: string;
  readonly events: number;
}

const standOf = ({ timestamp, historySizeBytes, historyLength }: Activation): Stand => ({
  at: `${String(timestamp?.seconds ?? 0)}.${timestamp?.nanos ?? 0}`,
  size: String(historySizeBytes ?? 0),
  events: historyLength ?? 0,
});

/** Is the workflow to be moved on, and not only asked? */
const isNews = ({ jobs }: Activation): boolean => (jobs ?? []).some(({ queryWorkflow }) => !queryWorkflow);

/** Is there more history, and yet no task that brought it? A task has a time of its own, and says how large the history is. */
const isEarly = (before: Stand, now: Stand): boolean =>
  now.events > before.events && now.at === before.at && now.size === before.size;

/** Refuses news without a task; a module of workflow interceptors, for each workflow its own. */
export const interceptors = (): WorkflowInterceptors => {
  let stand: Stand | undefined;
  return {
    internals: [
      {
        activate: (input, next) => {
          const { activation } = input;
          if (isNews(activation)) {
            const now = standOf(activation);
            if (stand !== undefined && activation.isReplaying !== true && isEarly(stand, now))
              throw new Error(EARLY_NEWS);
            stand = now;
          }
          next(input);
        },
      },
    ],
  };
};
