// Control characters (C0, DEL, C1), bidirectional overrides and invisible separators: what could move a cursor, recolour a
// terminal, forge a line or make text read in another order than it is written.
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+/g;
// Whole escape sequences, so that their harmless tails (such as `[31m`) go with them: CSI, OSC up to its end, two-byte ones.
const ESCAPE_SEQUENCE =
  // eslint-disable-next-line no-control-regex
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]/g;

/** Takes escape sequences and control characters out of text; each becomes a space. */
export const stripControls = (text: string): string => text.replace(ESCAPE_SEQUENCE, ' ').replace(UNPRINTABLE, ' ');

/** Makes text from outside safe for a terminal or a page, and trims it to one line of at most `limit` characters. */
export const plainText = (text: string, limit = Number.POSITIVE_INFINITY): string => {
  const clean = stripControls(text).replace(/ {2,}/g, ' ').trim();
  return clean.length <= limit ? clean : `${clean.slice(0, Math.max(0, limit - 3))}...`;
};
