/** Lays out rows in columns of even width; numbers and other columns named in `right` are aligned right. */
export const textTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] => {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const layOut = (row: readonly string[]): string =>
    widths
      .map((width, i) => (right.includes(i) ? (row[i] ?? '').padStart(width) : (row[i] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd();
  return [layOut(header), ...rows.map(layOut)];
};
