// Escape sequences of terminals (ECMA-48 control sequences and operating system commands), and what they are made of.
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b./g;
// Controls but tab and newline; bidirectional marks and line separators, which make text read as what it is not.
const CONTROLS = /(?![\t\n])[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Makes text of a job fit for terminals and records: no escapes, no controls, the last `limit` characters of it. */
export const printable = (text: string, limit: number): string => {
  const clean = text.replace(ESCAPES, '').replace(/\r\n?/g, '\n').replace(CONTROLS, '\ufffd').trim();
  return clean.length <= limit ? clean : `…${clean.slice(-limit)}`;
};
