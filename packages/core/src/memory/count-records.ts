import { jobStates, type JobRecord, type JobState } from '../job/job.ts';
import { bytesOf } from '../job/end-moves.ts';
import type { OperationStats, StoreStats } from '../ports/store-messages.ts';
import type { EpochRecords } from './epoch-records.ts';

type Writable<Stats> = { -readonly [Key in keyof Stats]: Stats[Key] };

/** Counts all records of an epoch. */
export function countRecords(records: EpochRecords, now: number): StoreStats {
  const byState = Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;
  const byOperation: Record<string, Writable<OperationStats>> = {};
  const sums = { deadLetters: 0, files: 0, bytes: 0 };
  for (const record of records.all()) {
    byState[record.state] += 1;
    sums.deadLetters += record.deadLetter === null ? 0 : 1;
    sums.files += record.artifacts.length + (record.inputFolder === null ? 0 : record.inputs.length);
    sums.bytes += bytesOf(record);
    countOperation((byOperation[record.operation] ??= { waiting: 0, running: 0, completed: 0, failed: 0, totalWallMs: 0, maxWallMs: 0 }), record);
  }
  const first = records.dispatches.first();
  const oldestWaitingMs = first === undefined ? null : Math.max(0, now - first.updatedAt);
  return { byState, ...sums, cacheHits: records.lookups.hit, cacheMisses: records.lookups.miss, cacheUnusable: records.lookups.unusable, corrupt: 0, oldestWaitingMs, byOperation };
}

function countOperation(stats: Writable<OperationStats>, { state, usage }: JobRecord): void {
  if (state === 'queued' || state === 'retrying') stats.waiting += 1;
  if (state === 'running') stats.running += 1;
  if (state === 'failed') stats.failed += 1;
  if (state !== 'completed') return;
  stats.completed += 1;
  stats.totalWallMs += usage?.wallMs ?? 0;
  stats.maxWallMs = Math.max(stats.maxWallMs, usage?.wallMs ?? 0);
}
