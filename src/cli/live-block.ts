/** A few lines at the bottom of a terminal that are drawn again in place. */

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_TO_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
// eslint-disable-next-line no-control-regex
const COLOUR = /\u001b\[[0-9;]*m/g;

export interface LiveBlock {
  draw(lines: readonly string[]): void;
  /** Takes the block away and gives the cursor back. */
  clear(): void;
}

/** Rows that lines take on a terminal of so many columns: after it was narrowed, old lines wrap. */
const rowsOf = (lines: readonly string[], columns: number): number =>
  lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.replace(COLOUR, '').length / columns)), 0);

/** Starts a block on a terminal; the cursor is hidden until `clear`, and given back at exit whatever happens. */
export const createLiveBlock = (stream: NodeJS.WriteStream): LiveBlock => {
  let drawn: readonly string[] = [];
  const showCursor = (): void => void stream.write(SHOW_CURSOR);
  process.on('exit', showCursor);
  stream.write(HIDE_CURSOR);
  const home = (): string => {
    const rows = rowsOf(drawn, stream.columns || 80);
    return rows === 0 ? '\r' : `\u001b[${rows}A\r`;
  };
  return {
    draw: (lines) => {
      const shown = lines.slice(0, Math.max(1, (stream.rows || 24) - 1)); // what has scrolled away cannot be redrawn
      stream.write(`${home()}${shown.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join('')}${CLEAR_BELOW}`);
      drawn = shown;
    },
    clear: () => {
      stream.write(`${home()}${CLEAR_BELOW}${SHOW_CURSOR}`);
      drawn = [];
      process.off('exit', showCursor);
    },
  };
};
