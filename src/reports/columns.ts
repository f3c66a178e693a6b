/** How wide text is, in columns of a terminal; a figure of the report takes a column for a digit's width. */

// East Asian wide and emoji blocks: such a character takes two columns.
const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe4f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0x1f300 && code <= 0x1faff) ||
  (code >= 0x20000 && code <= 0x3fffd);

const columnsOfChar = (char: string): number => (isWide(char.codePointAt(0) ?? 0) ? 2 : 1);

/** Columns that a text takes. */
export const columnsOf = (text: string): number => {
  let columns = 0;
  for (const char of text) columns += columnsOfChar(char);
  return columns;
};

/** Cuts text to at most so many columns. */
export const cut = (text: string, columns: number): string => {
  let taken = '';
  let room = columns;
  for (const char of text) {
    room -= columnsOfChar(char);
    if (room < 0) break;
    taken += char;
  }
  return taken;
};

/** Shortens a name to so many columns, in its middle: names of one family begin alike, or end alike. */
export const shorten = (name: string, columns: number): string => {
  if (columnsOf(name) <= columns) return name;
  const head = cut(name, Math.ceil((columns - 1) / 2));
  let tail = '';
  for (const char of Array.from(name).reverse()) {
    if (columnsOf(head) + 1 + columnsOf(char + tail) > columns) break;
    tail = char + tail;
  }
  return `${head}…${tail}`;
};
