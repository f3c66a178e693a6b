/** A dimension of the Sobol sequence: its primitive polynomial and the first odd integers of its direction numbers. */
export interface SobolDimension {
  /** Coefficients of the polynomial between the first and the last, which are 1, as bits, highest power first. */
  readonly inner: number;
  /** m_1 .. m_s; s is the polynomial's degree. */
  readonly initial: readonly number[];
}

/**
 * Dimensions 2 to 37 of the table `new-joe-kuo-6` (Joe and Kuo 2008, SIAM Journal on Scientific Computing 30, 2635-2654): every
 * primitive polynomial of degree 1 to 7. The first dimension is van der Corput's sequence and needs none.
 */
export const SOBOL_DIMENSIONS: readonly SobolDimension[] = [
  { inner: 0, initial: [1] },
  { inner: 1, initial: [1, 3] },
  { inner: 1, initial: [1, 3, 1] },
  { inner: 2, initial: [1, 1, 1] },
  { inner: 1, initial: [1, 1, 3, 3] },
  { inner: 4, initial: [1, 3, 5, 13] },
  { inner: 2, initial: [1, 1, 5, 5, 17] },
  { inner: 4, initial: [1, 1, 5, 5, 5] },
  { inner: 7, initial: [1, 1, 7, 11, 19] },
  { inner: 11, initial: [1, 1, 5, 1, 1] },
  { inner: 13, initial: [1, 1, 1, 3, 11] },
  { inner: 14, initial: [1, 3, 5, 5, 31] },
  { inner: 1, initial: [1, 3, 3, 9, 7, 49] },
  { inner: 13, initial: [1, 1, 1, 15, 21, 21] },
  { inner: 16, initial: [1, 3, 1, 13, 27, 49] },
  { inner: 19, initial: [1, 1, 1, 15, 7, 5] },
  { inner: 22, initial: [1, 3, 1, 15, 13, 25] },
  { inner: 25, initial: [1, 1, 5, 5, 19, 61] },
  { inner: 1, initial: [1, 3, 7, 11, 23, 15, 103] },
  { inner: 4, initial: [1, 3, 7, 13, 13, 15, 69] },
  { inner: 7, initial: [1, 1, 3, 13, 7, 35, 63] },
  { inner: 8, initial: [1, 3, 5, 9, 1, 25, 53] },
  { inner: 14, initial: [1, 3, 1, 13, 9, 35, 107] },
  { inner: 19, initial: [1, 3, 1, 5, 27, 61, 31] },
  { inner: 21, initial: [1, 1, 5, 11, 19, 41, 61] },
  { inner: 28, initial: [1, 3, 5, 3, 3, 13, 69] },
  { inner: 31, initial: [1, 1, 7, 13, 1, 19, 1] },
  { inner: 32, initial: [1, 3, 7, 5, 13, 19, 59] },
  { inner: 37, initial: [1, 1, 3, 9, 25, 29, 41] },
  { inner: 41, initial: [1, 3, 5, 13, 23, 1, 55] },
  { inner: 42, initial: [1, 3, 7, 3, 13, 59, 17] },
  { inner: 50, initial: [1, 3, 1, 3, 5, 53, 69] },
  { inner: 55, initial: [1, 1, 5, 5, 23, 33, 13] },
  { inner: 56, initial: [1, 1, 7, 7, 1, 61, 123] },
  { inner: 59, initial: [1, 1, 7, 9, 13, 61, 49] },
  { inner: 62, initial: [1, 3, 3, 5, 3, 55, 33] },
];
