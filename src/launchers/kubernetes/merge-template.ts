/** Lays partial pod templates over each other, as Kubernetes' own patches do. Plain JSON. */

type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value);

/** What tells the entries of a list apart: containers, volumes and variables by name, mounts by path. */
const KEYS = ['mountPath', 'name'] as const;

const keyOf = (list: readonly unknown[]): (typeof KEYS)[number] | undefined =>
  KEYS.find((key) => list.length > 0 && list.every((entry) => isMap(entry) && typeof entry[key] === 'string'));

const mergeLists = (under: readonly unknown[], over: readonly unknown[]): unknown[] => {
  const key = keyOf([...under, ...over]);
  if (key === undefined) return [...over]; // entries without names: the whole list is replaced
  const merged = under.map((entry) => {
    const change = over.find((other) => (other as Json)[key] === (entry as Json)[key]);
    return change === undefined ? entry : merge(entry, change);
  });
  const isNew = (entry: unknown): boolean => !under.some((other) => (other as Json)[key] === (entry as Json)[key]);
  return [...merged, ...over.filter(isNew)];
};

const merge = (under: unknown, over: unknown): unknown => {
  if (isMap(under) && isMap(over)) return mergeTemplates(under, over);
  if (Array.isArray(under) && Array.isArray(over)) return mergeLists(under, over);
  return over;
};

/** Lays one template over another: maps by key, lists of named things by name, all else replaced; null removes. */
export const mergeTemplates = (under: Json, over: Json): Json => {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete merged[key];
    else merged[key] = key in merged ? merge(merged[key], value) : value;
  }
  return merged;
};
