import type { AttemptEnd } from '@media-jobs/core';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Codes that say that time ran out. */
const timeoutCodes = new Set(['TIMEOUT', 'STALLED', 'PROBE_TIMEOUT']);

/** From short clips to an hour of work. */
const secondsBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 1_800, 3_600];

/** What is counted of the attempts that end in this process. */
export function createAttemptMetrics(registry: Registry): (end: AttemptEnd) => void {
  const registers = [registry];
  const ended = new Counter({ name: 'media_jobs_ended_total', help: 'Jobs that ended here, by operation and end state.', labelNames: ['operation', 'state'], registers });
  const attempts = new Counter({ name: 'media_jobs_attempts_total', help: 'Attempts that ended here, by operation and what became of them.', labelNames: ['operation', 'outcome'], registers });
  const retries = new Counter({ name: 'media_jobs_retries_total', help: 'Attempts that failed and will be tried again.', labelNames: ['operation'], registers });
  const errors = new Counter({ name: 'media_jobs_errors_total', help: 'What went wrong in attempts, by code.', labelNames: ['operation', 'code'], registers });
  const timeouts = new Counter({ name: 'media_jobs_timeouts_total', help: 'Attempts whose time ran out or that stalled, by the step that they were in.', labelNames: ['operation', 'step'], registers });
  const duration = new Histogram({ name: 'media_jobs_attempt_duration_seconds', help: 'Wall time of attempts.', labelNames: ['operation'], buckets: secondsBuckets, registers });
  const waiting = new Histogram({ name: 'media_jobs_waiting_seconds', help: 'Time in line of jobs that ended here.', labelNames: ['operation'], buckets: secondsBuckets, registers });
  const cpu = new Counter({ name: 'media_jobs_cpu_seconds_total', help: 'Processor time of the programs of attempts; sampled, a lower bound.', labelNames: ['operation'], registers });
  const memory = new Gauge({ name: 'media_jobs_peak_rss_bytes', help: 'Largest memory of the programs of the last attempt; sampled, a lower bound.', labelNames: ['operation'], registers });
  return ({ operation, ended: outcome, code, phase, wallMs, waitingMs, cpuMs, peakRssBytes }) => {
    attempts.inc({ operation, outcome });
    if (outcome === 'completed' || outcome === 'failed' || outcome === 'cancelled') ended.inc({ operation, state: outcome });
    if (outcome === 'retry') retries.inc({ operation });
    if (code !== null) errors.inc({ operation, code });
    if (code !== null && timeoutCodes.has(code)) timeouts.inc({ operation, step: phase });
    duration.observe({ operation }, wallMs / 1_000);
    if (waitingMs !== null) waiting.observe({ operation }, waitingMs / 1_000);
    cpu.inc({ operation }, cpuMs / 1_000);
    memory.set({ operation }, peakRssBytes);
  };
}
