/** Which runs wait for a person's leave before they are launched, and what happens when nobody answers. */
import type { Mixture } from './mixture.js';
import type { Sweep } from './sweep.js';

/** A sweep's `approval`: a run that any of its conditions names waits for a person. */
export interface Approval {
  /** Runs that cost more than this, in the sweep's units. */
  readonly above?: number;
  /** Runs at these scales. */
  readonly scales?: readonly string[];
  /** Runs to the target itself, confirmation runs included. */
  readonly target?: boolean;
  /** Domain to [smallest, largest] share: runs of mixtures outside. */
  readonly outside?: Readonly<Record<string, readonly [number, number]>>;
  /** How long a request waits for an answer (s); for ever when absent. */
  readonly timeoutSeconds?: number;
  /** What titrate answers itself when the time is over; `refuse` when absent. */
  readonly onTimeout?: 'refuse' | 'approve' | 'wait';
}

/** A run with what it may cost. */
export interface PricedRun {
  readonly mixture: Mixture;
  readonly scale: string;
  readonly steps: number;
  /** In the sweep's units. */
  readonly cost: number;
}

const ROUNDING = 1e-9; // shares are kept to this accuracy everywhere

const outsideReasons = (outside: NonNullable<Approval['outside']>, mixture: Mixture): string[] =>
  Object.entries(outside).flatMap(([domain, [min, max]]) => {
    const share = mixture[domain] ?? 0;
    if (share >= min - ROUNDING && share <= max + ROUNDING) return [];
    return [`its share of ${domain}, ${Number(share.toPrecision(4))}, is outside ${min} to ${max}`];
  });

/** Says, condition by condition, why a run needs a person's leave; nothing when it needs none. */
export const approvalReasons = ({ approval, target }: Pick<Sweep, 'approval' | 'target'>, run: PricedRun): string[] => {
  if (approval === undefined) return [];
  const { above, scales = [], target: atTarget, outside = {} } = approval;
  return [
    ...(above !== undefined && run.cost > above
      ? [`it may cost ${Number(run.cost.toPrecision(6))}, more than ${above}`]
      : []),
    ...(scales.includes(run.scale) ? [`it is at scale ${run.scale}`] : []),
    ...(atTarget === true && run.scale === target.scale && run.steps === target.steps ? ['it is a target run'] : []),
    ...outsideReasons(outside, run.mixture),
  ];
};
