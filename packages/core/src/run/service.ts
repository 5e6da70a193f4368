import { MediaJobError } from '@media-jobs/foundation';
import type { AnyMediaJobs, SubmitOptions } from '../media-jobs.ts';
import type { ResolvedMediaJobsOptions } from '../options.ts';
import type { JobRecord } from '../job/job.ts';
import { createCleanupLoop } from './cleanup-loop.ts';
import { cancelJob, deleteJob, findRecord, redriveJob } from './end-job.ts';
import { createSubmit } from './create-submit.ts';
import { ownHealthChecks } from './health-checks.ts';
import { createJob, type Job } from './job-handle.ts';
import { watchEpoch } from './epoch-watch.ts';
import { attemptsPrefix } from './epoch-marks.ts';
import { createReset } from './reset/create-reset.ts';
import { repairAll } from './repair.ts';
import { receiveFile } from './receive-file.ts';
import type { RunContext } from './run-context.ts';
import { createRunner } from './runner.ts';
import { shutDown } from './shutdown.ts';
import { watchStore } from './store-hints.ts';
import { createStepJobs } from './step-jobs.ts';

const defaultDeadlineMs = 10_000;
const defaultPageLimit = 100;

/** Starts all parts, in an order in which each finds what it needs, and gives the calls of `MediaJobs` to them. */
export async function startService(context: RunContext, options: ResolvedMediaJobsOptions, markClosed: () => void): Promise<AnyMediaJobs> {
  const { store, workFolder } = context;
  await logStart(context, options);
  const cleanupLoop = createCleanupLoop(context, { intervalMs: options.lifetime.cleanupIntervalMs, repairMs: context.leaseMs });
  const cancelNow = (id: string) => cancelJob({ context, runner, stepJobsFor }, id);
  const handle: Handle = (record, cached) => createJob(context, { record, cached, cancel: (id) => open(() => cancelNow(id)) });
  const submit = createSubmit(context);
  // What a running attempt asks for, and gives up, is none of the closing's business: it ends with the attempt.
  const stepJobsFor = createStepJobs(context, { submit, handle: (record, cached) => createJob(context, { record, cached, cancel: cancelNow }) });
  const runner = options.worker ? createRunner(context, (await workFolder.temp.folder({ prefix: attemptsPrefix })).path, stepJobsFor) : null;
  // What is stuck is brought back before new work is taken; the whole pass follows in the background.
  if (runner !== null) await repairAll(context);
  const parts = { context, runner, cleanupLoop, markClosed, watches: [watchStore(context, runner), ...(runner === null && context.files === null ? [] : [watchEpoch(context, runner, cleanupLoop)])] };
  const reset = createReset({ context, runner, cleanupLoop, targets: options.resetTargets });
  await runner?.start();
  if (runner !== null) cleanupLoop.start();
  else if (context.files !== null) cleanupLoop.startOwnFolder();
  let closing: Promise<void> | undefined;
  const close = async ({ deadlineMs = defaultDeadlineMs }: { readonly deadlineMs?: number } = {}): Promise<void> => {
    if (closing !== undefined && runner !== null) context.clock.after(deadlineMs, () => runner.interrupt());
    closing ??= shutDown(parts, deadlineMs);
    await closing;
  };
  const open = <Result>(act: () => Promise<Result>): Promise<Result> => (closing === undefined ? act() : Promise.reject(closedError()));
  return Object.freeze({
    ...createLookups(context, open, handle),
    ...factsOf(context),
    receive: (stream, receiveOptions) => open(() => receiveFile(context, stream, receiveOptions)),
    submit: (operation: string, input: unknown, submitOptions: SubmitOptions = {}) => open(async () => {
      const { record, cached } = await submit(operation, input, submitOptions);
      return handle(record, cached);
    }),
    cancel: (id: string) => open(() => cancelNow(id)),
    delete: (id: string) => open(() => deleteJob(context, id)),
    stats: () => open(async () => ({ ...(await store.stats()), queue: (await context.queue?.depth()) ?? null, runner: runner?.stats() ?? null })),
    sweep: () => open(() => cleanupLoop.runOnce()),
    reset: (resetOptions) => open(() => reset(resetOptions)),
    close,
    [Symbol.asyncDispose]: () => close(),
  } satisfies AnyMediaJobs);
}

/** What is the same as long as the service is open. */
function factsOf(context: RunContext): Pick<AnyMediaJobs, 'operations' | 'maxInputBytes' | 'folders' | 'healthChecks'> {
  const { operations, maxInputBytes, workFolder } = context;
  return {
    operations: Object.freeze([...operations.values()].map(({ operation }) => operation)),
    maxInputBytes,
    folders: Object.freeze({ work: workFolder.path, temp: workFolder.tempFolder }),
    healthChecks: ownHealthChecks(context),
  };
}

type Handle = (record: JobRecord, cached: boolean) => Job<unknown>;

/** The calls that find jobs by their ids. */
function createLookups(context: RunContext, open: <Result>(act: () => Promise<Result>) => Promise<Result>, handle: Handle): Pick<AnyMediaJobs, 'get' | 'find' | 'record' | 'redrive' | 'list'> {
  const { store } = context;
  const found = (record: JobRecord): Job<unknown> => handle(record, record.state === 'completed');
  return {
    get: (id) => open(async () => {
      const record = await store.get(id);
      return record === null || record.state === 'expiring' ? null : found(record);
    }),
    find: (id) => open(async () => found(await findRecord(context, id))),
    record: (id) => open(() => findRecord(context, id)),
    redrive: (id) => open(async () => handle(await redriveJob(context, id), false)),
    list: (filter = {}, page = {}) => open(() => store.list(filter, { limit: defaultPageLimit, ...page })),
  };
}

async function logStart({ store, logger, operations, workFolder }: RunContext, { lifetime, worker }: ResolvedMediaJobsOptions): Promise<void> {
  const { ttlMs, cleanupIntervalMs, preset, from, warnings } = lifetime;
  const settings = { ttlMs, cleanupIntervalMs };
  for (const warning of warnings) logger.warn({ ...settings, preset, from }, warning);
  const before = await store.shareSettings(settings);
  if (before !== null && (before.ttlMs !== settings.ttlMs || before.cleanupIntervalMs !== settings.cleanupIntervalMs)) {
    logger.warn({ before, now: settings }, 'Processes on one store should have the same settings, and these differ from those of the process before');
  }
  logger.info({ ...settings, preset, from, worker, operations: [...operations.keys()], workFolder: workFolder.path, owner: workFolder.owner, store: store.capabilities }, 'Media jobs are open');
}

function closedError(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected open media jobs, got closed ones.', advice: 'Create them again.' });
}
