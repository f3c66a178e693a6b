/** Counts the insertions, deletions, substitutions and swaps of neighbours between two words (Damerau 1964, restricted). */
const editDistance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const changed = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      row.push(isSwap ? Math.min(changed, (before[j - 2] ?? 0) + 1) : changed);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
};

/** Is a word so near to another that it is likely meant? One change in every three letters, at least one. */
const isNear = (word: string, distance: number): boolean =>
  distance < word.length && distance <= Math.max(1, Math.floor(word.length / 3));

/** Words for one thing that are spelt too differently to be near. */
const SAME: readonly (readonly string[])[] = [
  ['max', 'maximum', 'atMost'],
  ['min', 'minimum', 'atLeast'],
];

const SHORTEST_BEGINNING = 3; // letters: less begins too many words

const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');

/** The one known word that another begins, such as `timeoutSeconds` for `timeout`, or that means the same. */
const kindred = (word: string, known: readonly string[]): string | undefined => {
  const begun = known.filter((candidate) => plain(candidate).startsWith(plain(word)));
  if (word.length >= SHORTEST_BEGINNING && begun.length === 1) return begun[0];
  const same = SAME.find((words) => words.includes(word)) ?? [];
  return known.find((candidate) => same.includes(candidate));
};

/** Returns the known word that was likely meant, if any; case and separators do not count. */
export const nearestWord = (word: string, known: readonly string[]): string | undefined => {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .toSorted((a, b) => a.distance - b.distance);
  const near = best !== undefined && isNear(word, best.distance) ? best : undefined;
  return near !== undefined && near.distance <= 1 ? near.candidate : (kindred(word, known) ?? near?.candidate);
};

/** Says which words are known, and which one was likely meant. */
export const knownWords = (word: string, known: readonly string[]): string => {
  const nearest = nearestWord(word, known);
  const list = known.length === 0 ? 'none' : `one of ${known.join(', ')}`;
  return nearest === undefined ? list : `${list} (did you mean ${nearest}?)`;
};
