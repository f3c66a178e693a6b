// Dense products on flat Float64Array, row-major. Doubles, since V8 widens floats at every load anyway.

/**
 * Writes A (rows × inner) times B transposed (columns × inner) into C (rows × columns). Two by four outputs are kept in
 * registers at a time, which is about three times as fast as one at a time.
 */
export const multiplyTransposed = (a, b, c, rows, columns, inner) => {
  for (let i = 0; i < rows; i += 2) {
    const two = i + 1 < rows;
    const a0 = i * inner;
    const a1 = two ? a0 + inner : a0;
    let j = 0;
    for (; j + 3 < columns; j += 4) {
      const b0 = j * inner;
      const b1 = b0 + inner;
      const b2 = b1 + inner;
      const b3 = b2 + inner;
      let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0; // prettier-ignore
      for (let k = 0; k < inner; k += 1) {
        const x = a[a0 + k], y = a[a1 + k], p = b[b0 + k], q = b[b1 + k], r = b[b2 + k], s = b[b3 + k]; // prettier-ignore
        c00 += x * p;
        c01 += x * q;
        c02 += x * r;
        c03 += x * s; // prettier-ignore
        c10 += y * p;
        c11 += y * q;
        c12 += y * r;
        c13 += y * s; // prettier-ignore
      }
      const at = i * columns + j;
      c[at] = c00;
      c[at + 1] = c01;
      c[at + 2] = c02;
      c[at + 3] = c03; // prettier-ignore
      if (two) { c[at + columns] = c10; c[at + columns + 1] = c11; c[at + columns + 2] = c12; c[at + columns + 3] = c13; } // prettier-ignore
    }
    for (; j < columns; j += 1) {
      let first = 0;
      let second = 0;
      for (let k = 0; k < inner; k += 1) {
        first += a[a0 + k] * b[j * inner + k];
        second += a[a1 + k] * b[j * inner + k];
      }
      c[i * columns + j] = first;
      if (two) c[(i + 1) * columns + j] = second;
    }
  }
};

/** Returns the transpose (columns × rows) of A (rows × columns). */
export const transpose = (a, rows, columns) => {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) out[j * rows + i] = a[i * columns + j];
  return out;
};
