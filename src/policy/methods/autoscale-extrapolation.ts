/**
 * The second stage of AutoScale (arXiv 2407.20177): the optimal tokens of each domain at two scales of data say what they are
 * at a third, N_i(s) = N1_i^(1 - s) N2_i^s, with one s for all domains such that the tokens sum to the wanted total.
 *
 * | name   | meaning                                          | shape | unit   |
 * |--------|--------------------------------------------------|-------|--------|
 * | N1, N2 | optimal tokens of each domain at the two scales  | (D)   | tokens |
 * | s      | 0 at the first scale, 1 at the second            |       | 1      |
 */

/** Returns N(s) `(D)`; a domain without tokens at either scale keeps those of the second. */
const tokensAt = (first: ArrayLike<number>, second: ArrayLike<number>, s: number): Float64Array =>
  Float64Array.from(second, (later, i) => {
    const earlier = first[i]!;
    return earlier > 0 && later > 0 ? Math.exp((1 - s) * Math.log(earlier) + s * Math.log(later)) : later;
  });

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

const [DOUBLINGS, HALVINGS] = [20, 100]; // s up to a million; then down to rounding

/**
 * Extrapolates optimal tokens `(D)` to a total: N(s) for the s of that total. The sum of N(s) is convex in s; of two solutions
 * the later one is meant. A total that no s reaches is met by scaling the second scale's tokens.
 */
export const extrapolateTokens = (first: ArrayLike<number>, second: ArrayLike<number>, total: number): Float64Array => {
  const excess = (s: number): number => sum(tokensAt(first, second, s)) - total;
  const scaled = (): Float64Array => Float64Array.from(second, (tokens) => (tokens * total) / sum(second));
  let high = 1;
  for (let round = 0; round < DOUBLINGS && excess(high) < 0; round++) high *= 2;
  let low = leastSum(excess, high);
  if (!(excess(high) >= 0) || !(excess(low) <= 0)) return scaled();
  for (let round = 0; round < HALVINGS; round++) {
    const middle = (low + high) / 2;
    if (excess(middle) < 0) low = middle;
    else high = middle;
  }
  return tokensAt(first, second, high);
};

const EARLIEST = -20; // of s: with scales a factor of 2 apart, a millionth of the first one's tokens

/** Finds where a convex function is least between the earliest s and `high`, by ternary search. */
const leastSum = (f: (s: number) => number, high: number): number => {
  let [low, top] = [EARLIEST, high];
  for (let round = 0; round < HALVINGS; round++) {
    const [left, right] = [low + (top - low) / 3, top - (top - low) / 3];
    if (f(left) < f(right)) top = right;
    else low = left;
  }
  return (low + top) / 2;
};

/** An optimum at one scale of data. */
export interface Optimum {
  readonly shares: ArrayLike<number>;
  readonly tokens: number;
}

/**
 * Extrapolates two optima to shares at a third number of tokens. Domains in `held` keep their later share; the others share
 * the rest as their extrapolated tokens do.
 */
export const extrapolateOptima = (
  first: Optimum,
  second: Optimum,
  total: number,
  held: readonly boolean[],
): Float64Array => {
  const free = held.flatMap((isHeld, i) => (isHeld ? [] : [i]));
  const rest = free.reduce((left, i) => left + second.shares[i]!, 0);
  const shares = Float64Array.from(second.shares);
  if (free.length < 2 || !(rest > 0)) return shares;
  const tokensOf = ({ shares: own, tokens }: Optimum): number[] => free.map((i) => own[i]! * tokens);
  const extrapolated = extrapolateTokens(tokensOf(first), tokensOf(second), rest * total);
  const reached = sum(extrapolated);
  free.forEach((i, k) => (shares[i] = (rest * extrapolated[k]!) / reached));
  return shares;
};
