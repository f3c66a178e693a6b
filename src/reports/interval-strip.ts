/** Intervals and bars in the characters of a terminal, on an axis that their rows share. */

const STRIP = 32; // characters: with a scale's name and figures it fits a line of 80

/** A value with an interval around it. */
export interface Strip {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

const isFinite3 = ({ low, mid, high }: Strip): boolean => [low, mid, high].every(Number.isFinite);

/** The axis that holds all strips; null when there is nothing to draw. */
export const axisOf = (strips: readonly Strip[]): readonly [number, number] | null => {
  const known = strips.filter(isFinite3);
  const ends: [number, number] = [Math.min(...known.map(({ low }) => low)), Math.max(...known.map(({ high }) => high))];
  return known.length > 0 && ends[1] > ends[0] ? ends : null;
};

/** Draws `   ├────●──────┤   ` on an axis; what lies beyond it is cut off with an arrow. */
export const stripText = (strip: Strip, [from, to]: readonly [number, number], width = STRIP): string => {
  if (!isFinite3(strip) || !(to > from)) return ' '.repeat(width);
  const place = (value: number): number => Math.round(((value - from) / (to - from)) * (width - 1));
  const inside = (at: number): number => Math.min(width - 1, Math.max(0, at));
  const [low, mid, high] = [place(strip.low), place(strip.mid), place(strip.high)];
  const chars: string[] = Array.from({ length: width }, (_, i) => (i > inside(low) && i < inside(high) ? '─' : ' '));
  chars[inside(low)] = low < 0 ? '◄' : '├';
  chars[inside(high)] = high > width - 1 ? '►' : '┤';
  if (mid >= 0 && mid < width) chars[mid] = '●';
  return chars.join('');
};

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Draws a bar of a part of `width` characters; a part above 0 is never drawn as nothing. */
export const barText = (part: number, width = 16): string => {
  if (!(part > 0)) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, part) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
};
