/** Lines of a terminal: pieces of text with a tone, cut to a width before any colour is added. */
import { columnsOf, cut, shorten } from '../columns.js';
import { stripControls } from '../plain-text.js';

export type Tone = 'plain' | 'strong' | 'soft' | 'accent' | 'good' | 'warn' | 'bad';

/** Text with one tone; from outside or not, it is stripped of control characters. */
export interface Piece {
  readonly text: string;
  readonly tone: Tone;
}

export interface TerminalOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

/** SGR codes; bold and the eight basic colours only, so that the terminal's own theme decides. */
const CODES: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '1',
  soft: '2',
  accent: '36',
  good: '32',
  warn: '33',
  bad: '31',
};

export const piece = (text: string, tone: Tone = 'plain'): Piece => ({ text: stripControls(text), tone });

/** Pads text to so many columns, or shortens it. */
export const fit = (text: string, columns: number, align: 'left' | 'right' = 'left'): string => {
  const kept = shorten(stripControls(text), columns);
  const space = ' '.repeat(Math.max(0, columns - columnsOf(kept)));
  return align === 'left' ? kept + space : space + kept;
};

const paint = ({ text, tone }: Piece, colour: boolean): string =>
  colour && CODES[tone] !== '' && text !== '' ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text;

/** Joins pieces into one line that never wraps; one that is cut ends with `…`, lest a part of a number passes for it. */
export const line = (pieces: readonly Piece[], { width, colour }: TerminalOptions): string => {
  const most = Math.max(1, width - 1); // the last column makes some terminals wrap
  const whole = pieces.map(({ text }) => text).join('');
  const isCut = columnsOf(whole.trimEnd()) > most;
  let room = isCut ? most - 1 : most;
  let text = '';
  for (const { text: raw, tone } of pieces) {
    const kept = cut(raw, room);
    room = kept === raw ? room - columnsOf(kept) : 0;
    text += paint({ text: kept, tone }, colour);
  }
  return `${text.trimEnd()}${isCut ? '…' : ''}`;
};

/** Breaks prose at spaces to a width. */
export const wrap = (text: string, columns: number): string[] => {
  const lines: string[] = [];
  let current = '';
  for (const joined of stripControls(text)
    .replace(/(\d) %/g, '$1\u00a0%')
    .split(' ')) {
    const word = joined.replace('\u00a0%', ' %'); // a number is never parted from its sign
    if (current !== '' && columnsOf(current) + 1 + columnsOf(word) > columns) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return current === '' ? lines : [...lines, current];
};

/** A bar of so many columns with parts filled by their shares of the whole, in order. */
export const bar = (
  columns: number,
  parts: readonly { readonly share: number; readonly tone: Tone; readonly char?: string }[],
): Piece[] => {
  let filled = 0;
  let total = 0;
  const pieces: Piece[] = [];
  for (const { share, tone, char = '━' } of parts) {
    total += Number.isFinite(share) ? Math.max(0, share) : 0;
    const end = Math.min(columns, Math.round(total * columns));
    pieces.push({ text: char.repeat(Math.max(0, end - filled)), tone });
    filled = Math.max(filled, end);
  }
  return [...pieces, { text: '╌'.repeat(Math.max(0, columns - filled)), tone: 'soft' }];
};
