import { createRemoteService, type RemoteService } from '@media-jobs/cleanup';
import { inputFileFields, type Breaker, type HealthCheck, type Operation } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { z } from 'zod';
import { resolveOptions, type ResolvedClientOptions, type ServiceClientOptions } from './options.ts';
import { createRemoteJob, type RemoteCallOptions, type RemoteJob } from './remote-job.ts';
import { readView, type RemoteView } from './remote-view.ts';
import { askOnce, requestJson } from './request.ts';
import { submitBody } from './submit-body.ts';

/** What both sides know of an operation: its name and its schemas. An operation itself is one. */
export type OperationContract<Name extends string = string, Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> = Pick<Operation<Name, Input, Output>, 'name' | 'input' | 'output'>;

/** How a remote job is asked for, besides its input. */
export interface RemoteSubmitOptions extends RemoteCallOptions {
  /** Run a completed job again. Default `false`. */
  readonly fresh?: boolean;
  /** Higher goes first; whole. Default 0. */
  readonly priority?: number;
  /** Default: that of the client. */
  readonly correlationId?: string;
}

/** Another service, as this one uses it. */
export interface ServiceClient {
  readonly name: string;
  readonly url: string;
  readonly breaker: Breaker;
  /**
   * Submits a job; file fields are paths, whose content is sent while it is read. Trying again is harmless: the same content is the same job.
   * Throws the service's own error (`INVALID_INPUT`, `QUEUE_FULL`, …), `SERVICE_UNAVAILABLE`, `SERVICE_REFUSED`, `CIRCUIT_OPEN`, `ABORTED`, `INPUT_MISSING`.
   */
  submit<Input extends z.ZodType, Output extends z.ZodType>(operation: OperationContract<string, Input, Output>, input: z.input<Input>, options?: RemoteSubmitOptions): Promise<RemoteJob<z.output<Output>>>;
  /** A handle on a job by its id; asks nothing yet. */
  job(id: string): RemoteJob<unknown>;
  /** Its `/health`. It goes past the breaker: it must see what is there, and keeps nobody from it. */
  readonly healthCheck: HealthCheck;
  /** For `resetRemotes`, `factoryReset` and `resetTargets`: asks for its factory reset. */
  readonly remote: RemoteService;
}

/** Names a service and how to reach it. Asks nothing yet. Throws `INVALID_OPTION`. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const resolved = resolveOptions(options);
  const { name, url, breaker, clock, adminToken = options.token } = resolved;
  return Object.freeze({
    name, url, breaker,
    submit: (operation: OperationContract, input: unknown, wish: RemoteSubmitOptions = {}) => submit(resolved, operation, input, wish),
    job: (id: string) => createRemoteJob<unknown>(resolved, { id: checkedId(id), cached: false, parseOutput: (output) => output }),
    healthCheck: healthCheckOf(resolved),
    remote: createRemoteService({ name, url, clock, ...(adminToken === undefined ? {} : { token: adminToken }) }),
  }) as ServiceClient;
}

async function submit(options: ResolvedClientOptions, operation: OperationContract, input: unknown, { fresh, priority, correlationId = options.correlationId, signal }: RemoteSubmitOptions): Promise<RemoteJob<unknown>> {
  const query = new URLSearchParams({ operation: operation.name, ...(fresh === undefined ? {} : { fresh: String(fresh) }), ...(priority === undefined ? {} : { priority: String(priority) }) });
  const files = inputFileFields(operation.input);
  const { headers, make } = submitBody(Object(input) as Readonly<Record<string, unknown>>, files);
  const answer = await requestJson(options, { method: 'POST', path: `/jobs?${query.toString()}`, body: make, headers, correlationId, signal, ...(files.length === 0 ? {} : { isUpload: true, timeoutMs: options.uploadTimeoutMs }) });
  const job: RemoteView = readView(options.name, answer);
  return createRemoteJob<unknown>(options, { id: job.id, cached: job.cached === true, correlationId, parseOutput: (output) => parseOutput(options.name, operation, output) });
}

function parseOutput(service: string, { name, output: schema }: OperationContract, output: unknown): unknown {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new MediaJobError('SERVICE_REFUSED', { message: `Expected ${service} to return what \`${name}\` returns here, got something else.`, advice: 'Bring both sides to the same release.', facts: { service, operation: name }, cause: parsed.error });
}

function checkedId(id: string): string {
  if (/^[\w-]{1,200}$/.test(id)) return id;
  throw new MediaJobError('INVALID_OPTION', { message: `Expected the id of a job, got ${JSON.stringify(id)}.`, advice: 'Give the id that the submit told.', facts: { option: 'id' } });
}

function healthCheckOf(options: ResolvedClientOptions): HealthCheck {
  const { name, breaker } = options;
  return Object.freeze({
    name,
    async check(signal: AbortSignal) {
      try {
        await breaker.runUncounted(() => askOnce(options, { path: '/health', signal }));
        return { ok: true, detail: breaker.state === 'closed' ? 'healthy' : `healthy; its circuit is ${breaker.state}` };
      } catch (error) {
        return { ok: false, detail: MediaJobError.from(error).message, advice: `Look at ${options.url}/health.` };
      }
    },
  });
}
