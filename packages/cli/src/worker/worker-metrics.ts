import type { AnyMediaJobs, AttemptEnd } from '@media-jobs/core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a worker counts, in the format of Prometheus. */
export interface WorkerMetrics {
  /** Of each attempt that ended here. */
  readonly onAttemptEnd: (end: AttemptEnd) => void;
  /** With what the jobs tell now. */
  readonly text: (jobs: AnyMediaJobs) => Promise<string>;
  readonly contentType: string;
}

/** Seconds: from a look at a file to a film. */
const buckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

/** Its registry is its own: nothing else of the process is counted. */
export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const attempts = new Counter({ name: 'media_jobs_attempts_total', help: 'Attempts that ended in this process, by how.', labelNames: ['operation', 'ended', 'code'], registers });
  const seconds = new Histogram({ name: 'media_jobs_attempt_seconds', help: 'Wall time of attempts.', labelNames: ['operation'], buckets, registers });
  const running = new Gauge({ name: 'media_jobs_worker_running', help: 'Jobs that this process works on.', registers });
  const stuck = new Gauge({ name: 'media_jobs_worker_stuck', help: 'Of these, jobs whose operation ignores that it was killed.', registers });
  const inLine = new Gauge({ name: 'media_jobs_waiting', help: 'Jobs in line, in the store, by operation.', labelNames: ['operation'], registers });
  const queued = new Gauge({ name: 'media_jobs_queue_entries', help: 'Entries of the queue, by state.', labelNames: ['state'], registers });
  return {
    contentType: registry.contentType,
    onAttemptEnd({ operation, ended, code, wallMs }) {
      attempts.inc({ operation, ended, code: code ?? '' });
      seconds.observe({ operation }, wallMs / 1_000);
    },
    async text(jobs) {
      const { runner, queue, byOperation } = await jobs.stats();
      running.set(runner?.running ?? 0);
      stuck.set(runner?.stuck ?? 0);
      for (const [operation, { waiting }] of Object.entries(byOperation)) inLine.set({ operation }, waiting);
      for (const state of ['waiting', 'running'] as const) queued.set({ state }, queue?.[state] ?? 0);
      return registry.metrics();
    },
  };
}
