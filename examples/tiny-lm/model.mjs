// A small byte-level language model: embeddings of the last bytes and of hashed n-grams, one hidden layer, softmax over
// the next byte. In the manner of Bengio et al. 2003 ("A neural probabilistic language model"), with the n-gram tables of
// Mikolov et al. 2012 beside it, which make parameters cheap to train on a CPU.
//
// | name | meaning                                                  | shape          |
// |------|----------------------------------------------------------|----------------|
// | n    | examples in a batch                                      |                |
// | I    | inputs: (context + orders) x width                       |                |
// | H    | hidden units                                             |                |
// | V    | symbols                                                  |                |
// | params | byte table (V × width), n-gram tables (orders × buckets × width), W1 (H × I), b1, W2 (V × H), b2 | flat |
import { multiplyTransposed, transpose } from './matrix.mjs';

/** Symbols: the 95 printable ASCII bytes, newline, tab, and one for every other byte. */
export const SYMBOLS = 98;
const NEWLINE = 95;
const TAB = 96;
const OTHER = 97;

/** Returns the symbol of a byte. */
export const symbolOf = (byte) => {
  if (byte >= 32 && byte < 127) return byte - 32;
  return byte === 10 ? NEWLINE : byte === 9 ? TAB : OTHER;
};

/** Sizes by scale name: how far the model looks back, and what it is made of. */
export const SHAPES = {
  '5k': { context: 4, orders: [], buckets: 0, width: 8, hidden: 32 },
  '15k': { context: 6, orders: [3], buckets: 512, width: 10, hidden: 48 },
  '50k': { context: 6, orders: [3, 4], buckets: 1536, width: 12, hidden: 56 },
  '200k': { context: 8, orders: [2, 3, 4], buckets: 3584, width: 16, hidden: 96 },
};

const layoutOf = ({ context, orders, buckets, width, hidden }) => {
  const inputs = (context + orders.length) * width;
  const sizes = [SYMBOLS * width, orders.length * buckets * width, hidden * inputs, hidden, SYMBOLS * hidden, SYMBOLS];
  const starts = sizes.reduce((all, size) => [...all, all.at(-1) + size], [0]);
  return { inputs, starts, count: starts.at(-1) };
};

/** Returns the number of parameters of a shape. */
export const countParameters = (shape) => layoutOf(shape).count;

/** Returns fresh parameters: normal, scaled by the fan-in (He et al. 2015); biases are 0. */
export const initialise = (shape, rng) => {
  const { inputs, starts, count } = layoutOf(shape);
  const params = new Float64Array(count);
  const fill = (part, deviation) => {
    for (let i = starts[part]; i < starts[part + 1]; i += 1) params[i] = deviation * rng.normal();
  };
  fill(0, 0.5); // of the order of the inputs that He's rule assumes, once summed over the context
  fill(1, 0.1); // n-grams start quiet: most are rare
  fill(2, Math.sqrt(2 / inputs));
  fill(4, Math.sqrt(1 / shape.hidden) / 2); // half of it: the first predictions are then nearly uniform
  return params;
};

const hashGram = (symbols, position, order, buckets) => {
  let hash = order;
  for (let back = 1; back <= order; back += 1) hash = Math.imul(hash ^ (symbols[position - back] + 1), 0x01000193); // FNV's prime
  hash ^= hash >>> 15; // FNV's low bits are weak
  return (hash >>> 0) % buckets;
};

/** Where each input block of one example lies in the tables: offsets into `params`. */
const rowsOf = (shape, layout, symbols, position, out, at) => {
  const { context, orders, buckets, width } = shape;
  for (let back = 0; back < context; back += 1) out[at + back] = symbols[position - 1 - back] * width;
  for (let o = 0; o < orders.length; o += 1) {
    out[at + context + o] = layout.starts[1] + (o * buckets + hashGram(symbols, position, orders[o], buckets)) * width;
  }
};

const gather = (shape, layout, params, batch) => {
  const { width } = shape;
  const blocks = shape.context + shape.orders.length;
  const n = batch.positions.length;
  const rows = new Int32Array(n * blocks);
  const x = new Float64Array(n * layout.inputs);
  for (let e = 0; e < n; e += 1) {
    rowsOf(shape, layout, batch.symbols[e], batch.positions[e], rows, e * blocks);
    for (let k = 0; k < blocks; k += 1) {
      const from = rows[e * blocks + k];
      const to = e * layout.inputs + k * width;
      for (let d = 0; d < width; d += 1) x[to + d] = params[from + d];
    }
  }
  return { rows, x };
};

const addBias = (values, bias, rows, columns) => {
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) values[i * columns + j] += bias[j];
};

/** Turns logits (n × V) into probabilities minus the truth, in place; returns the summed cross-entropy (nats). */
const softmaxInto = (logits, batch) => {
  let total = 0;
  for (let e = 0; e < batch.positions.length; e += 1) {
    const at = e * SYMBOLS;
    let top = -Infinity;
    for (let v = 0; v < SYMBOLS; v += 1) top = Math.max(top, logits[at + v]);
    let sum = 0;
    for (let v = 0; v < SYMBOLS; v += 1) sum += logits[at + v] = Math.exp(logits[at + v] - top);
    const truth = at + batch.symbols[e][batch.positions[e]];
    total -= Math.log(logits[truth] / sum);
    for (let v = 0; v < SYMBOLS; v += 1) logits[at + v] /= sum;
    logits[truth] -= 1;
  }
  return total;
};

const forward = (shape, layout, params, batch) => {
  const n = batch.positions.length;
  const { inputs, starts } = layout;
  const part = (k) => params.subarray(starts[k], starts[k + 1]);
  const { rows, x } = gather(shape, layout, params, batch);
  const hidden = new Float64Array(n * shape.hidden);
  multiplyTransposed(x, part(2), hidden, n, shape.hidden, inputs);
  addBias(hidden, part(3), n, shape.hidden);
  for (let i = 0; i < hidden.length; i += 1) if (hidden[i] < 0) hidden[i] = 0;
  const logits = new Float64Array(n * SYMBOLS);
  multiplyTransposed(hidden, part(4), logits, n, SYMBOLS, shape.hidden);
  addBias(logits, part(5), n, SYMBOLS);
  const total = softmaxInto(logits, batch);
  return { rows, x, hidden, errors: logits, total };
};

/**
 * Returns the mean cross-entropy (nats per byte) of a batch: `symbols[e]` is the text of example e and `positions[e]` the
 * place of the symbol to predict in it, at least `context` and the longest order from its start.
 */
export const evaluateLoss = (shape, params, batch) =>
  forward(shape, layoutOf(shape), params, batch).total / batch.positions.length;

const scatter = (shape, layout, rows, dx, gradient) => {
  const blocks = shape.context + shape.orders.length;
  for (let r = 0; r < rows.length; r += 1) {
    const from = Math.floor(r / blocks) * layout.inputs + (r % blocks) * shape.width;
    for (let d = 0; d < shape.width; d += 1) gradient[rows[r] + d] += dx[from + d];
  }
};

const sumColumns = (values, rows, columns, out) => {
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) out[j] += values[i * columns + j];
};

/** Returns the mean cross-entropy of a batch and its gradient, flat like `params`. */
export const computeGradient = (shape, params, batch) => {
  const layout = layoutOf(shape);
  const { inputs, starts } = layout;
  const n = batch.positions.length;
  const { hidden: H } = shape;
  const { rows, x, hidden, errors, total } = forward(shape, layout, params, batch);
  for (let i = 0; i < errors.length; i += 1) errors[i] /= n;
  const gradient = new Float64Array(params.length);
  const part = (k) => gradient.subarray(starts[k], starts[k + 1]);
  multiplyTransposed(transpose(errors, n, SYMBOLS), transpose(hidden, n, H), part(4), SYMBOLS, H, n);
  sumColumns(errors, n, SYMBOLS, part(5));
  const dHidden = new Float64Array(n * H);
  multiplyTransposed(errors, transpose(params.subarray(starts[4], starts[5]), SYMBOLS, H), dHidden, n, H, SYMBOLS);
  for (let i = 0; i < dHidden.length; i += 1) if (hidden[i] === 0) dHidden[i] = 0;
  multiplyTransposed(transpose(dHidden, n, H), transpose(x, n, inputs), part(2), H, inputs, n);
  sumColumns(dHidden, n, H, part(3));
  const dx = new Float64Array(n * inputs);
  multiplyTransposed(dHidden, transpose(params.subarray(starts[2], starts[3]), H, inputs), dx, n, inputs, H);
  scatter(shape, layout, rows, dx, gradient);
  return { loss: total / n, gradient };
};
