import type { Notice, NoticeChannel } from '../domain/notices.js';
import type { ActivityDeps } from './activities.js';

export interface NotifyInput {
  readonly sweepId: string;
  readonly notice: Notice;
  readonly channel: NoticeChannel;
}

export const notifyActivities = ({ notify }: ActivityDeps) => ({
  /** Tells people outside, once; failures are tried again by the workflow. */
  titrateNotify: ({ channel, notice }: NotifyInput): Promise<void> => notify(channel, notice),
});
