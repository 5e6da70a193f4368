import type { JobPointer } from '@media-jobs/core';

/** Where the keys of one operation begin: each has a hash tag of its own, so that a cluster can spread operations. */
export function bullmqPrefix(prefix: string, operation: string): string {
  return `{${prefix}:queue:${operation}}`;
}

/** Keys that are of no operation. */
export function registryKeys(prefix: string): { readonly operations: string; readonly paused: string } {
  return { operations: `{${prefix}:queue}:operations`, paused: `{${prefix}:queue}:paused` };
}

/** BullMQ refuses ids with a colon, and such that are numbers. */
export function entryId({ id, sequence, epoch }: JobPointer): string {
  return `${encodeURIComponent(id)}/${sequence}/${encodeURIComponent(epoch)}`;
}

/** The pointer that an entry carries; null when somebody else made the entry. */
export function pointerOf(data: unknown): JobPointer | null {
  if (typeof data !== 'object' || data === null) return null;
  const { id, sequence, epoch } = data as Partial<Record<keyof JobPointer, unknown>>;
  return typeof id === 'string' && typeof epoch === 'string' && typeof sequence === 'number' ? { id, sequence, epoch } : null;
}

/** BullMQ's own scale: 1 goes first, up to 2^21 - 1. */
const least = 1;
const most = 2_097_151;
const middle = 1_048_576;

/**
 * Our priority, higher first, on BullMQ's scale, lower first. Entries without one would overtake all that have one, so all
 * have one. What is beyond ±1,048,575 counts as that.
 */
export function bullmqPriority(priority: number): number {
  return Math.max(least, Math.min(most, middle - Math.trunc(priority)));
}
