import { join } from 'node:path';
import { createMediaJobs } from '@media-jobs/core';
import type { Logger } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import type { CommandContext, Invocation } from '../command.ts';
import { fileStoreOf } from '../jobs/files-place.ts';
import { redisQueueOf, redisStoreOf } from '../jobs/redis-place.ts';
import type { Settings } from '../settings.ts';
import { createWorkerMetrics } from './worker-metrics.ts';
import { openOperations } from './worker-operations.ts';
import { openWorkerPort } from './worker-port.ts';

/** What a worker is told. */
export interface WorkerRequest {
  readonly names: readonly string[];
  readonly module: string | undefined;
  readonly concurrency: number | undefined;
  readonly drainMs: number;
  /** Null: no port. */
  readonly listen: { readonly port: number; readonly host: string } | null;
  readonly settings: Settings;
  readonly logger: Logger;
  /** Where records and queue are. */
  readonly invocation: Invocation;
}

/** Works until the signal, then drains. Resolves when nothing of it is left. */
export async function runWorker(request: WorkerRequest, context: CommandContext): Promise<void> {
  const { names, module, concurrency, settings, logger, invocation, listen, drainMs } = request;
  const { signal, environment } = context;
  const openRedis = await redisStoreOf(invocation, environment, logger);
  const queue = await redisQueueOf(invocation, environment, logger);
  const openFiles = await fileStoreOf(invocation, environment);
  await using opened = await openOperations({ names, module, concurrency, settings, logger, signal });
  const metrics = createWorkerMetrics();
  const jobs = await createMediaJobs({
    operations: opened.operations,
    store: openRedis?.() ?? createSqliteStore({ file: join(settings.workFolder, 'jobs.db'), logger }),
    ...(queue === null ? {} : { queue }),
    ...(openFiles === null ? {} : { files: openFiles() }),
    workFolder: settings.workFolder,
    ...settings.jobs,
    onAttemptEnd: metrics.onAttemptEnd,
    logger,
  });
  // The port outlives the drain: whoever watches sees that it is no longer ready, and how many jobs still run.
  await using _port = listen === null ? null : await openPort();
  await using _closing = { [Symbol.asyncDispose]: () => jobs.close({ deadlineMs: drainMs }) };
  await untilAborted(signal);
  logger.info({ drainMs, running: (await jobs.stats().catch(() => null))?.runner?.running ?? null }, 'Draining');

  async function openPort(): ReturnType<typeof openWorkerPort> {
    const port = await openWorkerPort({ jobs, metrics, draining: signal, ...(listen ?? { port: 0, host: '127.0.0.1' }) }).catch(async (error: unknown) => {
      await jobs.close({ deadlineMs: 0 });
      throw error;
    });
    logger.info({ url: port.url }, 'Health and metrics are served');
    return port;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
