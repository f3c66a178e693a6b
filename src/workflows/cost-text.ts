import { costUnit } from '../domain/cost.js';
import type { Sweep } from '../domain/sweep.js';

const DIGITS = 6; // sums are rounded

/** Writes a cost for people. */
export const short = (cost: number, digits = DIGITS): string => String(Number(cost.toPrecision(digits)));

/** The same with its unit. */
export const costText = (sweep: Pick<Sweep, 'cost'>, cost: number, digits = DIGITS): string =>
  `${short(cost, digits)} ${costUnit(sweep.cost)}`;
