import type { AnyMediaJobs, AttemptEnd } from '@media-jobs/core';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Health } from '../health/check-health.ts';
import { createAttemptMetrics } from './attempt-metrics.ts';
import { createHttpMetrics, type AnsweredRequest } from './http-metrics.ts';
import { createMachineMetrics, type MachineMetricsOptions } from './machine-metrics.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { createStoreMetrics } from './store-metrics.ts';

/** Counts of one service, for Prometheus. */
export interface MediaJobsMetrics extends Disposable {
  /** For `onAttemptEnd` of `createMediaJobs`, in each process that works. */
  readonly attemptEnded: (end: AttemptEnd) => void;
  /** Called by the plugin. */
  readonly requestAnswered: (request: AnsweredRequest) => void;
  /** Everything as text, with the figures of the store, the machine and the checks of health as they are now. */
  readonly text: (jobs: AnyMediaJobs, health?: Health) => Promise<string>;
  readonly contentType: string;
}

/** Options of `createMetrics`. */
export interface MetricsOptions extends MachineMetricsOptions {
  /** Also the figures of Node itself: processor time, memory, event loop. Default `true`. */
  readonly nodeMetrics?: boolean;
}

/** Makes the counts of one service. They are in a registry of their own: two services in one process do not meet. Disposal ends the counting of locks and reconnects. */
export function createMetrics({ nodeMetrics = true, ...machineOptions }: MetricsOptions = {}): MediaJobsMetrics {
  const registry = new Registry();
  if (nodeMetrics) collectDefaultMetrics({ register: registry });
  const health = new Gauge({ name: 'media_jobs_health', help: 'Whether each check of health is fine.', labelNames: ['check'], registers: [registry] });
  const unread = new Counter({ name: 'media_jobs_scrape_failures_total', help: 'Times that figures of the machine could not be read.', registers: [registry] });
  const lookAtStore = createStoreMetrics(registry);
  const lookAtMachine = createMachineMetrics(registry, machineOptions);
  const ofProcess = createProcessMetrics(registry);
  return Object.freeze({
    attemptEnded: createAttemptMetrics(registry),
    requestAnswered: createHttpMetrics(registry),
    contentType: registry.contentType,
    async text(jobs: AnyMediaJobs, state?: Health) {
      for (const { name, ok } of state?.checks ?? []) health.set({ check: name }, ok ? 1 : 0);
      await Promise.all([lookAtStore(jobs), lookAtMachine(jobs).catch(() => unread.inc())]);
      return registry.metrics();
    },
    [Symbol.dispose]: () => ofProcess[Symbol.dispose](),
  } satisfies MediaJobsMetrics);
}
