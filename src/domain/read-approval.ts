import type { z } from 'zod';
import type { Approval } from './approval.js';
import type { ApprovalSection } from './approval-section.js';
import type { Problem } from './errors.js';
import { knownWords } from './nearest-word.js';
import type { NoticeChannel } from './notices.js';
import type { NotifySection } from './notify-section.js';
import { pathText } from './zod-problems.js';

/** Leaves out the keys that were not given. */
const given = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

export const readApproval = (approval: z.infer<typeof ApprovalSection>): Approval => given(approval);

export const readNotify = (channels: readonly z.infer<typeof NotifySection>[]): NoticeChannel[] =>
  channels.map((channel) => given(channel));

/** Finds names in `approval` that the sweep does not know, and bounds that cross. */
export const approvalProblems = (
  { scales = [], outside = {} }: Partial<z.infer<typeof ApprovalSection>>,
  scaleNames: readonly string[],
  domainNames: readonly string[],
): Problem[] => [
  ...scales.flatMap((name, i) =>
    scaleNames.includes(name)
      ? []
      : [
          {
            path: pathText(['approval', 'scales', i]),
            expected: knownWords(name, scaleNames),
            found: 'an unknown scale',
          },
        ],
  ),
  ...Object.entries(outside).flatMap(([name, [min, max]]): Problem[] => {
    const path = pathText(['approval', 'outside', name]);
    if (!domainNames.includes(name))
      return [{ path, expected: knownWords(name, domainNames), found: 'an unknown domain' }];
    return min <= max ? [] : [{ path, expected: '[smallest, largest]', found: `[${min}, ${max}]` }];
  }),
];
