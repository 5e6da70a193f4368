import { brokenGuards, type BrokenStore } from './broken/broken-guards.ts';
import { brokenHabits } from './broken/broken-habits.ts';

export type { BrokenStore } from './broken/broken-guards.ts';

/**
 * Ways to break a sound store, each with the case that must reject it. Run them on an adapter to see that its harness
 * can fail.
 */
export const brokenStores: readonly BrokenStore[] = Object.freeze([...brokenGuards, ...brokenHabits]);
