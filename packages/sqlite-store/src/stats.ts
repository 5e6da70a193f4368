import { jobStates, type JobState, type OperationStats, type StoreStats } from '@media-jobs/core';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';

type Writable<Stats> = { -readonly [Key in keyof Stats]: Stats[Key] };

/** One row of the tallies. */
interface Tally {
  readonly operation: string;
  readonly state: JobState;
  readonly deadLetter: number;
  readonly jobs: number;
  readonly files: number;
  readonly bytes: number;
  readonly wallMs: number;
}

/** See `JobStore.stats`. Costs one row for each operation and state, however many jobs there are. */
export function stats({ statements, era, now }: Scope): StoreStats {
  const byState = Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;
  const byOperation: Record<string, Writable<OperationStats>> = {};
  const sums = { deadLetters: 0, files: 0, bytes: 0 };
  for (const tally of statements.all(sql.kinds, era) as Tally[]) {
    byState[tally.state] += tally.jobs;
    sums.deadLetters += tally.deadLetter === 1 && tally.state === 'failed' ? tally.jobs : 0;
    sums.files += tally.files;
    sums.bytes += tally.bytes;
    addTally((byOperation[tally.operation] ??= { waiting: 0, running: 0, completed: 0, failed: 0, totalWallMs: 0, maxWallMs: 0 }), tally);
  }
  for (const [operation, counts] of Object.entries(byOperation)) {
    if (counts.completed > 0) counts.maxWallMs = (statements.get(sql.longest, era, operation) as { wallMs: number | null }).wallMs ?? 0;
  }
  const counter = (key: string): number => (statements.get(sql.getMeta, key) as { value: number } | undefined)?.value ?? 0;
  const since = (statements.get(sql.oldestWaiting, era) as { since: number | null }).since;
  return {
    byState, ...sums, cacheHits: counter('hit'), cacheMisses: counter('miss'), cacheUnusable: counter('unusable'), corrupt: counter('corrupt'),
    oldestWaitingMs: since === null ? null : Math.max(0, now - since), byOperation,
  };
}

function addTally(counts: Writable<OperationStats>, { state, jobs, wallMs }: Tally): void {
  if (state === 'queued' || state === 'retrying') counts.waiting += jobs;
  if (state === 'running') counts.running += jobs;
  if (state === 'failed') counts.failed += jobs;
  if (state === 'completed') counts.completed += jobs;
  counts.totalWallMs += wallMs;
}
