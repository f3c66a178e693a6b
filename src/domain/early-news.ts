/**
 * What a query is told that came when the sweep had to be rebuilt for it, and had news: it is to be asked again. In a file of its
 * own, since it is also what a bundle of workflows is searched for: only the guard of workflows/task-guard.ts brings it in.
 */
export const EARLY_NEWS = 'titrate: there is news that no task has brought yet; ask again';
