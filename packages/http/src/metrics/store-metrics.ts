import type { AnyMediaJobs, MediaJobsStats } from '@media-jobs/core';
import { Gauge, type Registry } from 'prom-client';

type Look = (stats: MediaJobsStats) => void;

/** What the store knows, of all processes that share it. Resolves with whether it answered; its figures are those of the last time then. */
export function createStoreMetrics(registry: Registry): (jobs: AnyMediaJobs) => Promise<void> {
  const up = new Gauge({ name: 'media_jobs_store_up', help: 'Whether the store answered when these figures were asked for.', registers: [registry] });
  const looks = [...jobLooks(registry), ...countLooks(registry)];
  return async (jobs) => {
    try {
      const stats = await jobs.stats();
      for (const look of looks) look(stats);
      up.set(1);
    } catch {
      // The gauge tells it, and an alert hangs on that.
      up.set(0);
    }
  };
}

function jobLooks(registry: Registry): readonly Look[] {
  const registers = [registry];
  const byState = new Gauge({ name: 'media_jobs_jobs', help: 'Jobs in the store, by state.', labelNames: ['state'], registers });
  const byOperation = new Gauge({ name: 'media_jobs_operation_jobs', help: 'Jobs in the store, by operation and where they stand.', labelNames: ['operation', 'place'], registers });
  const running = new Gauge({ name: 'media_jobs_running_here', help: 'Jobs that this process works on.', registers });
  const stuck = new Gauge({ name: 'media_jobs_ignoring_kill', help: 'Jobs of this process whose work ignores that it was killed.', registers });
  return [
    (stats) => {
      for (const [state, count] of Object.entries(stats.byState)) byState.set({ state }, count);
      byOperation.reset();
      for (const [operation, { waiting, running: active, completed, failed }] of Object.entries(stats.byOperation)) {
        for (const [place, count] of Object.entries({ waiting, running: active, completed, failed })) byOperation.set({ operation, place }, count);
      }
      running.set(stats.runner?.running ?? 0);
      stuck.set(stats.runner?.stuck ?? 0);
    },
  ];
}

/** Counts of the store are not counters of this process: they begin anew with a reset of the service. */
function countLooks(registry: Registry): readonly Look[] {
  const gauge = (name: string, help: string, value: Look extends (stats: infer Stats) => void ? (stats: Stats) => number : never): Look => {
    const told = new Gauge({ name, help, registers: [registry] });
    return (stats) => told.set(value(stats));
  };
  return [
    gauge('media_jobs_dead_letters', 'Failed jobs that ran out of attempts or workers.', (stats) => stats.deadLetters),
    gauge('media_jobs_cache_hits', 'Submits that were answered from the cache.', (stats) => stats.cacheHits),
    gauge('media_jobs_cache_misses', 'Submits whose job had to run.', (stats) => stats.cacheMisses),
    gauge('media_jobs_cache_unusable', 'Cached results that could not be given out.', (stats) => stats.cacheUnusable),
    gauge('media_jobs_corrupt_records', 'Records that were set aside because they could not be read.', (stats) => stats.corrupt),
    gauge('media_jobs_files', 'Files that records name.', (stats) => stats.files),
    gauge('media_jobs_file_bytes', 'Bytes of the files that records name.', (stats) => stats.bytes),
    gauge('media_jobs_oldest_waiting_seconds', 'Time in line of the job that has stood there longest.', (stats) => (stats.oldestWaitingMs ?? 0) / 1_000),
  ];
}
