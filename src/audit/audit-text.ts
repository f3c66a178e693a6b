/** An audit as people read it: a line a check, the first faults under it. */
import type { Audit } from './audit.js';
import type { Check, CheckName } from './check.js';

const SHOWN = 8; // faults of one check; --json has them all

const TITLES: Readonly<Record<CheckName, string>> = {
  chain: 'chain',
  anchors: 'anchors',
  story: 'story',
  budget: 'budget',
  decisions: 'decisions',
  jobs: 'job files',
};

const MARKS: Readonly<Record<Check['outcome'], string>> = { holds: 'ok', fails: 'FAILED', 'not checked': '-' };

const WIDTH = Math.max(...Object.values(TITLES).map((title) => title.length));
const MARK_WIDTH = Math.max(...Object.values(MARKS).map((mark) => mark.length));
const INDENT = ' '.repeat(MARK_WIDTH + WIDTH + 4);

/** Nothing that a record says may steer a terminal. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');

const checkLines = ({ name, outcome, summary, faults, notes }: Check): string[] => {
  const left = faults.length - SHOWN;
  return [
    `${MARKS[outcome].padEnd(MARK_WIDTH)}  ${TITLES[name].padEnd(WIDTH)}  ${summary}`,
    ...faults.slice(0, SHOWN).map(({ where, looksLike, says }) => `${INDENT}${where}: ${looksLike}: ${says}`),
    ...(left > 0 ? [`${INDENT}and ${left} more (--json shows all)`] : []),
    ...notes.map((note) => `${INDENT}note: ${note}`),
  ];
};

const verdictOf = ({ holds, checks, head, lines }: Audit): string => {
  const failed = checks.filter(({ outcome }) => outcome === 'fails').length;
  const faults = checks.reduce((sum, check) => sum + check.faults.length, 0);
  if (holds) return `All that was checked holds. Head: ${head.seq}:${head.hash}`;
  const sound = checks[0]?.outcome === 'fails' ? `; the chain is sound up to line ${lines}` : '';
  return `${failed} of ${checks.length} checks failed, with ${faults} fault${faults === 1 ? '' : 's'}${sound}.`;
};

/** Writes an audit's report. */
export const auditText = (audit: Audit): string =>
  [
    `${audit.sweep === '' ? 'unknown sweep' : audit.sweep} (${audit.folder})`,
    '',
    ...audit.checks.flatMap(checkLines),
    '',
    verdictOf(audit),
  ]
    .map(plain)
    .join('\n');
