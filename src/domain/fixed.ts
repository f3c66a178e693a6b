/** Freezes plain JSON through and through, and returns it. */
export const fixed = <T>(value: T): T => {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  for (const item of Object.values(value)) fixed(item);
  return Object.freeze(value);
};

/** Can nothing in this plain JSON change any more? */
export const isFixed = (value: unknown): boolean =>
  value === null ||
  typeof value !== 'object' ||
  (Object.isFrozen(value) && Object.values(value).every((item) => isFixed(item)));
