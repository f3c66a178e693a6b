/** Is the money right, and was the budget kept at every moment? Invariants 3 and 12 of the sweep workflow. */
import { stepsKept } from '../domain/approved-run.js';
import { BUDGET_SLACK, confirmationReserve, costOf } from '../domain/cost.js';
import type { ActEvent, RecordEvent, RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { checked, counted, type Check, type Fault } from './check.js';
import { ProgressLog } from './progress-log.js';

const ROUNDING = 1e-9; // relative: costs are sums and products of doubles

const isAbove = (value: number, limit: number): boolean => value > limit + ROUNDING * Math.max(1, Math.abs(limit));
const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(a), Math.abs(b));
const said = (value: number): string => String(Number(value.toPrecision(9)));

type Verdict = [looksLike: string, says: string] | null;

/** What the run that a person approved in the place of the decided one should have cost. */
const approvedFault = (sweep: Sweep, log: ProgressLog, { trial, run }: ActEvent): Verdict => {
  const decided = log.open.get(trial ?? '')?.decided;
  if (run === undefined || decided === undefined) return null;
  const price = costOf(sweep, run, stepsKept(decided, run));
  if (isSame(run.cost, price)) return null;
  return ['wrong price', `the approved run costs ${said(price)} by the sweep’s cost; it says ${said(run.cost)}`];
};

/** What a line should have cost, against what it says. */
const priceFault = (sweep: Sweep, log: ProgressLog, event: RecordEvent): Verdict => {
  if (event.type === 'decided') {
    const price = costOf(sweep, event, event.resume?.steps ?? 0);
    if (isSame(event.cost, price)) return null;
    return ['wrong price', `the run costs ${said(price)} by the sweep’s cost; it says ${said(event.cost)}`];
  }
  if (event.type === 'rerun' || event.type === 'parked') {
    const run = log.open.get(event.trial)?.decided;
    if (run === undefined) return null;
    const price = costOf(sweep, run, event.resume?.steps ?? 0);
    if (isSame(event.cost, price)) return null;
    return ['wrong price', `the rerun costs ${said(price)} by the sweep’s cost; it says ${said(event.cost)}`];
  }
  if (event.type === 'act' && event.act === 'approve') return approvedFault(sweep, log, event);
  if (event.type !== 'observed' && event.type !== 'attempted') return null;
  const worst = log.open.get(event.trial)?.worst ?? 0;
  if (isAbove(event.cost, worst))
    return ['over its price', `it is charged ${said(event.cost)}; its worst case was ${said(worst)}`];
  if (event.type === 'observed' && event.status === 'completed' && !isSame(event.cost, worst))
    return ['wrong charge', `a completed run is charged its price, ${said(worst)}; it is charged ${said(event.cost)}`];
  return null;
};

/** Does it start something that must leave the price of the confirmation? Not what confirms, nor what was parked: that is committed. */
const isSearchStart = (log: ProgressLog, event: RecordEvent): boolean => {
  if (event.type === 'decided') return event.purpose === 'search';
  const trial = 'trial' in event ? log.open.get(event.trial ?? '') : undefined;
  if (trial?.decided.purpose === 'confirm') return false;
  if (event.type === 'act') return event.act === 'approve' && event.run !== undefined;
  return event.type === 'rerun' && trial?.generation !== event.generation;
};

/** `isStart`: the price of the confirmation must be left, too, while the search goes on. */
const overrun = (sweep: Sweep, log: ProgressLog, isStart: boolean): string | null => {
  const { spent, committed } = log;
  const reserve = isStart && log.isSearching ? confirmationReserve(sweep) : 0;
  const total = spent + committed + reserve;
  if (total <= sweep.budget * (1 + BUDGET_SLACK)) return null;
  const kept = reserve > 0 ? ` + kept for the confirmation ${said(reserve)}` : '';
  return `spent ${said(spent)} + in flight at their worst ${said(committed)}${kept} = ${said(total)}; the budget is ${said(sweep.budget)}`;
};

/** Checks what every line cost, and the budget after each. `sweepAt` tells the sweep that is in force at a line. */
export const checkBudget = (lines: readonly RecordLine[], sweepAt: (seq: number) => Sweep): Check => {
  const log = new ProgressLog();
  const faults: Fault[] = [];
  let highest = 0;
  for (const { seq, event } of lines) {
    const sweep = sweepAt(seq);
    const tell = (looksLike: string, says: string): void => void faults.push({ looksLike, where: `line ${seq}`, says });
    const price = priceFault(sweep, log, event);
    if (price !== null) tell(...price);
    const isStart = isSearchStart(log, event);
    log.take(event);
    highest = Math.max(highest, log.spent + log.committed);
    const over = overrun(sweep, log, isStart);
    if (over !== null && event.type !== 'launched') tell('over the budget', over);
    if (event.type === 'ended' && !isSame(event.spent, log.spent))
      tell('wrong sum', `it says that ${said(event.spent)} was spent; the charges add up to ${said(log.spent)}`);
  }
  const { budget } = sweepAt(lines.length);
  const summary = `${counted(lines.length, 'moment')}: never more than ${said(highest)} of ${said(budget)} spent and in flight; ${said(log.spent)} spent`;
  return checked('budget', summary, faults);
};
