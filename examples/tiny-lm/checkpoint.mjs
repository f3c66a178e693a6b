// A run's state on disk: one line of JSON, then parameters and both moments as 64-bit floats, so that a run that is
// continued is the same to the last bit as one that never stopped.
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

const NEWLINE = 10;

const writeAll = (descriptor, bytes) => {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
};

const bytesOf = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Writes the state whole or not at all; on disk when it returns. */
export const saveCheckpoint = (file, scale, { step, chance, domainTokens, params, m, v }) => {
  const header = { scale, step, chance, domainTokens, count: params.length };
  const temporary = `${file}.${randomUUID()}`;
  const descriptor = openSync(temporary, 'wx');
  try {
    writeAll(descriptor, Buffer.from(`${JSON.stringify(header)}\n`));
    for (const values of [params, m, v]) writeAll(descriptor, bytesOf(values));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
};

/** Reads the state of a run of this scale at this step; throws where there is none, so that nothing starts over. */
export const loadCheckpoint = (file, scale, step) => {
  const bytes = readFileSync(file);
  const end = bytes.indexOf(NEWLINE) + 1;
  const header = JSON.parse(bytes.subarray(0, end).toString());
  if (header.scale !== scale || header.step !== step) {
    throw new Error(`${file}: expected scale ${scale} at step ${step}; found ${header.scale} at step ${header.step}`);
  }
  const width = header.count * Float64Array.BYTES_PER_ELEMENT;
  if (bytes.length !== end + 3 * width)
    throw new Error(`${file}: expected ${end + 3 * width} bytes; found ${bytes.length}`);
  // Copied out: a view of eight-byte numbers must start at a multiple of eight.
  const part = (k) => new Float64Array(Uint8Array.from(bytes.subarray(end + k * width, end + (k + 1) * width)).buffer);
  const { chance, domainTokens } = header;
  return { step, chance, domainTokens, params: part(0), m: part(1), v: part(2) };
};
