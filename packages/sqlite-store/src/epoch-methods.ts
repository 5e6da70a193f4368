import { newEpoch, type SharedSettings } from '@media-jobs/core';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';

/** See `JobStore.reset`. Guard 8: the epoch is replaced first; collecting comes later, and may come twice. */
export function reset({ statements, era, epoch, now }: Scope): string {
  const fresh = newEpoch(now, epoch);
  statements.run(sql.addEpoch, era + 1, fresh);
  statements.run(sql.forgetCounts);
  return fresh;
}

/** See `JobStore.collect`. Guard 9: only rows of older eras, whoever resumes whose reset. */
export function collect({ statements, era }: Scope, limit: number): { readonly removed: number; readonly left: number } {
  const removed = statements.run(sql.removeOlder, era, limit);
  const left = (statements.get(sql.countOlder, era) as { jobs: number }).jobs;
  if (left === 0 && statements.run(sql.forgetEpochs, era) > 0) {
    statements.run(sql.removeOlderSetAside, era);
    statements.run(sql.forgetTallies, era);
  }
  return { removed, left };
}

const settingsKey = 'settings';

/** See `JobStore.shareSettings`. */
export function shareSettings({ statements }: Scope, settings: SharedSettings): SharedSettings | null {
  const before = (statements.get(sql.getMeta, settingsKey) as { value: unknown } | undefined)?.value;
  const text = JSON.stringify({ ttlMs: settings.ttlMs, cleanupIntervalMs: settings.cleanupIntervalMs });
  if (before !== text) statements.run(sql.setMeta, settingsKey, text);
  return readSettings(before);
}

/** What another process wrote down; null for what is none of ours. */
function readSettings(text: unknown): SharedSettings | null {
  if (typeof text !== 'string') return null;
  try {
    const { ttlMs, cleanupIntervalMs } = JSON.parse(text) as Partial<SharedSettings>;
    return typeof ttlMs === 'number' && typeof cleanupIntervalMs === 'number' ? { ttlMs, cleanupIntervalMs } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
