import { join } from 'node:path';
import { defineOperation, type Attempt, type Operation, type OperationLimits } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';
import { jobError, type RemoteView } from './remote-view.ts';
import type { RemoteJob } from './remote-job.ts';
import type { OperationContract, ServiceClient } from './service-client.ts';

/** An operation that another service does. */
export interface RemoteOperationDefinition<Name extends string, Input extends z.ZodType, Output extends z.ZodType> extends OperationContract<Name, Input, Output> {
  /** Part of the identity here; that of the operation there is a good choice. */
  readonly version: number;
  readonly service: ServiceClient;
  /** Which of its files are fetched. Default: all. */
  readonly fetches?: (name: string) => boolean;
  /** Default: 3 and 3.5 hours, as much as three attempts there; 16 at a time, which mostly wait. */
  readonly limits?: Partial<OperationLimits>;
  /** See `Operation.identityFacts`. */
  identityFacts?(input: z.output<Input>): Promise<Readonly<Record<string, unknown>>>;
}

const hourMs = 3_600_000;
/** Share of the progress that is left for fetching the files. */
const fetchShare = 0.05;
/** A job that its service has lost, by a reset or its time to live, is submitted again so often. */
const maxLosses = 3;

/**
 * Makes an operation of what another service does: its job submits there, follows, and takes the files over. A step of a pipeline runs elsewhere
 * so, with nothing else changed. A cancel here is a cancel there; a shutdown here leaves the job there running, and the next attempt joins it.
 * A job that has failed there has had its attempts: it is not tried again here.
 */
export function remoteOperation<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(definition: RemoteOperationDefinition<Name, Input, Output>): Operation<Name, Input, Output> {
  const { name, version, input, output, service, limits } = definition;
  return defineOperation<Name, Input, Output>({
    name, version, input, output,
    limits: { softTimeoutMs: 3 * hourMs, hardTimeoutMs: 3.5 * hourMs, concurrency: 16, ...limits },
    healthChecks: [service.healthCheck],
    identityFacts: async (given) => ({ ...(await definition.identityFacts?.(given)) }),
    run: async (given, attempt) => (await run(definition, given, attempt)) as z.input<Output>,
  });
}

type AnyDefinition = RemoteOperationDefinition<string, z.ZodType, z.ZodType>;

async function run(definition: AnyDefinition, input: unknown, attempt: Attempt): Promise<unknown> {
  for (let losses = 0; ; losses += 1) {
    try {
      return await runOnce(definition, input, attempt);
    } catch (thrown) {
      const { code } = MediaJobError.from(thrown);
      if (attempt.signal.aborted || losses === maxLosses || !lost.has(code)) throw thrown;
      attempt.log.warn({ err: thrown, service: definition.service.name }, 'A service has lost the job; it is submitted again');
    }
  }
}

const lost: ReadonlySet<string> = new Set(['JOB_NOT_FOUND', 'JOB_EXPIRED', 'EPOCH_PASSED']);

async function runOnce({ service, fetches = () => true, ...contract }: AnyDefinition, input: unknown, attempt: Attempt): Promise<unknown> {
  const { signal, correlationId } = attempt;
  attempt.report({ ratio: 0, phase: 'sending' });
  const job = await service.submit(contract, input, { signal, ...(correlationId === null ? {} : { correlationId }) });
  attempt.log.info({ service: service.name, remoteJobId: job.id, cached: job.cached }, 'The job is with another service');
  try {
    const ended = await follow(job, attempt);
    if (ended.status !== 'completed') throw finalError(service.name, ended);
    const wanted = ended.files.filter(({ name }) => fetches(name));
    for (const [index, { name, mediaType }] of wanted.entries()) {
      attempt.report({ ratio: 1 - fetchShare * (1 - index / wanted.length), phase: 'fetching' });
      await job.fetchFile(name, join(attempt.artifacts.folder, name), { signal });
      await attempt.artifacts.add(name, mediaType);
    }
    return ended.output;
  } catch (error) {
    await letGo(job, attempt);
    throw error;
  }
}

async function follow(job: RemoteJob<unknown>, attempt: Attempt): Promise<RemoteView> {
  for await (const event of job.events({ signal: attempt.signal })) {
    if (event.kind === 'end') return event.job;
    if (event.kind === 'progress') attempt.report({ ratio: event.progress * (1 - fetchShare), phase: event.phase });
    else for (const part of event.parts) attempt.share(part);
  }
  throw new MediaJobError('SERVICE_UNAVAILABLE', { message: 'Expected the end of the remote job, got none.', facts: { jobId: job.id } });
}

/** A cancel and a time limit end the job there as well, as far as it can be reached before the work here must have ended. */
async function letGo(job: RemoteJob<unknown>, { signal, kill, log }: Attempt): Promise<void> {
  const { code } = MediaJobError.from(signal.reason);
  if (!signal.aborted || (code !== 'CANCELLED' && code !== 'TIMEOUT')) return;
  try {
    await job.cancel({ signal: kill });
  } catch (error) {
    log.warn({ err: error, remoteJobId: job.id }, 'A job could not be cancelled where it runs; it goes on there');
  }
}

/** It has had its attempts there. */
function finalError(service: string, ended: RemoteView): MediaJobError {
  const error = jobError(service, ended);
  if (!error.retryable) return error;
  return new MediaJobError('STEP_FAILED', { message: error.message, ...(error.advice === undefined ? {} : { advice: error.advice }), facts: { ...error.facts, stepCode: error.code }, cause: error });
}
