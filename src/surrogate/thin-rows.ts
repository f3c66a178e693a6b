/** Which rows are kept where there are more than can be factored: all runs thinned alike, then the costliest runs and an even part of the rest. */

/** A row as thinning sees it; rows of a run follow each other by steps. */
export interface Thinnable {
  readonly run: number;
  /** Grows with size, tokens and steps. */
  readonly effort: number;
}

/** Rows by their place (n) in the list, run by run. */
const placesByRun = (rows: readonly Thinnable[]): readonly (readonly number[])[] => {
  const runs = new Map<number, number[]>();
  rows.forEach(({ run }, place) => {
    const places = runs.get(run) ?? [];
    places.push(place);
    runs.set(run, places);
  });
  return [...runs.values()];
};

/** At most so many of a run's rows: the last one, and others evenly before it. */
const evenly = (places: readonly number[], most: number): readonly number[] =>
  places.length <= most
    ? places
    : Array.from({ length: most }, (_, k) => places[Math.ceil(((k + 1) * places.length) / most) - 1]!);

const countOf = (runs: readonly (readonly number[])[], each: number): number =>
  runs.reduce((sum, places) => sum + Math.min(places.length, each), 0);

/** So many runs: the half that made the greatest effort, and others at even ranks of the rest. */
const costliestAndEven = (runs: readonly (readonly number[])[], rows: readonly Thinnable[], quota: number) => {
  const effortOf = (places: readonly number[]): number => Math.max(...places.map((place) => rows[place]!.effort));
  const ordered = runs
    .map((places) => ({ places, effort: effortOf(places) }))
    .sort((a, b) => b.effort - a.effort)
    .map(({ places }) => places);
  const costly = ordered.slice(0, Math.ceil(quota / 2));
  const rest = ordered.slice(costly.length);
  const stride = rest.length / Math.max(1, quota - costly.length);
  return [...costly, ...rest.filter((_, i) => Math.floor((i + 1) / stride) > Math.floor(i / stride))];
};

/**
 * Returns the places of at most `most` rows, ascending; of some more where `leastPerRun` is above 1, as what runs have on average says how many
 * of them there is room for, and those kept may have more. First every run is thinned to as many rows as there is room for, at least
 * `leastPerRun`; where that is too many still, runs are left out: which ones does not depend on the order in which they came, but for ties.
 */
export const thinRows = (rows: readonly Thinnable[], most: number, leastPerRun: number): readonly number[] => {
  const all = Array.from(rows.keys());
  if (rows.length <= most) return all;
  const runs = placesByRun(rows);
  let each = Math.max(leastPerRun, Math.floor(most / runs.length));
  while (countOf(runs, each + 1) <= most) each++;
  const thinned = runs.map((places) => evenly(places, each));
  const total = countOf(runs, each);
  const quota = Math.max(1, Math.floor((runs.length * most) / total));
  const kept = total <= most ? thinned : costliestAndEven(thinned, rows, quota);
  return kept.flat().sort((a, b) => a - b);
};
