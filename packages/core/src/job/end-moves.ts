import type { TakenJob } from '../ports/store-messages.ts';
import { endCancelled } from './claim-moves.ts';
import { inLine } from './end-of-attempt.ts';
import { hasEnded, type JobRecord } from './job.ts';
import { destination, isLegalMove } from './transitions.ts';

/** What a wish to cancel does: the answer, and the record to write, or null when nothing changes. */
export interface AppliedCancel {
  readonly reply: 'cancelled' | 'requested' | 'ended';
  readonly record: JobRecord | null;
}

/** Cancels a waiting job at once, and notes the wish on a running one. */
export function applyCancel(record: JobRecord, now: number): AppliedCancel {
  if (record.state === 'running') {
    return { reply: 'requested', record: record.cancelRequested ? null : { ...record, state: destination(record.state, 'request-cancel'), cancelRequested: true, updatedAt: now } };
  }
  if (!isLegalMove(record.state, 'cancel')) return { reply: 'ended', record: null };
  return { reply: 'cancelled', record: endCancelled(record, now) };
}

/** Puts a retrying job in line: its time has come. Throws `ILLEGAL_MOVE` when it is not retrying. */
export function applyWake(record: JobRecord, now: number): JobRecord {
  return { ...record, ...inLine(record, now), state: destination(record.state, 'wake') };
}

/** A taken job that was not purged within this time is handed out again: whoever took it is gone. */
export const takeAgainAfterMs = 60_000;

/** When `takeExpired` may take a job: past its time to live, or left half deleted. Null when never. */
export function expiryDueAt(record: JobRecord): number | null {
  if (record.state === 'expiring') return record.updatedAt + takeAgainAfterMs;
  return hasEnded(record.state) ? record.expiresAt : null;
}

/**
 * A record as a reader sees it: one that has ended and is past its time to live counts as `expiring`, by the store's time,
 * whether or not a pass has come by. Null passes through.
 */
export function asRead(record: JobRecord | null, now: number): JobRecord | null {
  if (record === null || record.expiresAt === null || record.expiresAt > now || !hasEnded(record.state)) return record;
  return { ...record, state: 'expiring' };
}

/** Marks an ended job `expiring` under a fresh take token. Throws `ILLEGAL_MOVE` when it has not ended. */
export function applyTake(record: JobRecord, { takeToken, now }: { readonly takeToken: string; readonly now: number }): { readonly record: JobRecord; readonly taken: TakenJob } {
  const taken: TakenJob = { id: record.id, takeToken, folders: foldersOf(record), bytes: bytesOf(record) };
  return { record: { ...record, state: destination(record.state, 'expire'), deadLetter: null, takeToken, updatedAt: now }, taken };
}

/** Whether a purge may delete the record: it still is the one that this token was drawn for, and nobody took it since. */
export function mayPurge(record: JobRecord | null, takeToken: string): boolean {
  return record !== null && isLegalMove(record.state, 'purge') && record.takeToken === takeToken;
}

function foldersOf(record: JobRecord): string[] {
  return [record.inputFolder, record.outputFolder].filter((folder) => folder !== null);
}

/** Bytes of the files that the record names. */
export function bytesOf(record: JobRecord): number {
  const inputs = record.inputFolder === null ? [] : record.inputs;
  return [...inputs, ...record.artifacts].reduce((sum, file) => sum + file.bytes, 0);
}
