/**
 * How much goes into one message to the server, as JSON (UTF-16 units). A payload may have 2 MiB, and a unit takes three bytes
 * at most.
 */
const MOST_AT_ONCE = 250_000;

/** Splits what is to be sent into parts, in its order, each small enough for a message; what is larger goes alone. */
export const inParts = <T>(items: readonly T[], mostItems = Infinity): T[][] => {
  const parts: T[][] = [];
  let size = 0;
  for (const item of items) {
    const { length } = JSON.stringify(item);
    const part = parts.at(-1);
    if (part === undefined || size + length > MOST_AT_ONCE || part.length >= mostItems) {
      parts.push([item]);
      size = length;
    } else {
      part.push(item);
      size += length;
    }
  }
  return parts;
};
