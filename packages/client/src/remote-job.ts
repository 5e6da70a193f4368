import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fetchFile, type FetchedFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { followJob, type RemoteEvent } from './follow-job.ts';
import type { ResolvedClientOptions } from './options.ts';
import { jobError, readView, type RemoteView } from './remote-view.ts';
import { aborted, headersOf, requestJson } from './request.ts';

/** Bounds of a call. */
export interface RemoteCallOptions {
  readonly signal?: AbortSignal;
}

/** Bounds of a wait. */
export interface RemoteWaitOptions extends RemoteCallOptions {
  /** Ends the wait, not the job. Default: none. */
  readonly timeoutMs?: number;
}

/** A job of another service. Nothing in it is remembered: each call asks the service. */
export interface RemoteJob<Output> {
  readonly id: string;
  /** It was completed already when it was submitted; false for one that was found by its id. */
  readonly cached: boolean;
  /** The job as it stands. Throws `JOB_NOT_FOUND`, `JOB_EXPIRED`. */
  view(options?: RemoteCallOptions): Promise<RemoteView>;
  /** Its progress and its end, whatever becomes of connections in between. Throws `SERVICE_UNAVAILABLE` when the service stays away for `patienceMs`. */
  events(options?: RemoteCallOptions): AsyncIterable<RemoteEvent>;
  /** The job when it has ended, however it did. Throws `TIMEOUT`, `ABORTED`, and as `events` does. */
  wait(options?: RemoteWaitOptions): Promise<RemoteView>;
  /** What its operation returned. Rejects with the job's own error, `CANCELLED`, and as `wait` does. */
  result(options?: RemoteWaitOptions): Promise<Output>;
  /** Fetches a file of the completed job, resumed and compared with its recorded size and digest. Throws `FILE_NOT_FOUND`, and as `fetchFile` does. */
  fetchFile(name: string, target: string, options?: RemoteCallOptions): Promise<FetchedFile>;
  /** Asks for its end; true when it has not ended before. */
  cancel(options?: RemoteCallOptions): Promise<boolean>;
}

export interface RemoteJobOptions<Output> {
  readonly id: string;
  readonly cached: boolean;
  readonly correlationId?: string | undefined;
  readonly parseOutput: (output: unknown) => Output;
}

/** A handle on the job of this id. */
export function createRemoteJob<Output>(options: ResolvedClientOptions, { id, cached, correlationId, parseOutput }: RemoteJobOptions<Output>): RemoteJob<Output> {
  const { name } = options;
  const view = async ({ signal }: RemoteCallOptions = {}): Promise<RemoteView> => readView(name, await requestJson(options, { path: `/jobs/${id}`, correlationId, signal }));
  const wait = (wish: RemoteWaitOptions = {}): Promise<RemoteView> => waitForEnd(options, { id, correlationId }, wish);
  return Object.freeze({
    id,
    cached,
    view,
    wait,
    events: ({ signal }: RemoteCallOptions = {}) => followJob(options, { id, correlationId, signal }),
    async result(wish?: RemoteWaitOptions): Promise<Output> {
      const job = await wait(wish);
      if (job.status !== 'completed') throw jobError(name, job);
      return parseOutput(job.output);
    },
    async fetchFile(file: string, target: string, { signal }: RemoteCallOptions = {}): Promise<FetchedFile> {
      return fetchRemote(options, await view(signal === undefined ? {} : { signal }), file, target, { correlationId, signal });
    },
    async cancel({ signal }: RemoteCallOptions = {}): Promise<boolean> {
      try {
        await requestJson(options, { method: 'POST', path: `/jobs/${id}/cancel`, correlationId, signal });
        return true;
      } catch (error) {
        if (MediaJobError.from(error).code !== 'ILLEGAL_MOVE') throw error;
        return false;
      }
    },
  });
}

async function waitForEnd(options: ResolvedClientOptions, { id, correlationId }: { readonly id: string; readonly correlationId: string | undefined }, { signal, timeoutMs }: RemoteWaitOptions): Promise<RemoteView> {
  const { name, clock } = options;
  const late = new AbortController();
  using _limit = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => late.abort(new MediaJobError('TIMEOUT', { message: `Expected the job of ${name} to end within ${timeoutMs} ms, got no end.`, advice: 'The job goes on; wait for it again, or cancel it.', facts: { service: name, jobId: id, timeoutMs } })));
  const both = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
  try {
    for await (const event of followJob(options, { id, correlationId, signal: both })) if (event.kind === 'end') return event.job;
  } catch (error) {
    throw both.aborted ? aborted(name, both.reason) : error;
  }
  throw new MediaJobError('SERVICE_UNAVAILABLE', { message: `Expected ${name} to tell the end of the job, got none.`, advice: 'Wait for it again.', facts: { service: name, jobId: id } });
}

/** Size and digest stand in the view: what arrives is that file, or there is none. */
export async function fetchRemote(options: ResolvedClientOptions, job: RemoteView, file: string, target: string, { correlationId, signal }: { readonly correlationId?: string | undefined; readonly signal?: AbortSignal | undefined }): Promise<FetchedFile> {
  const { name, url, fetch, tries, retryBaseMs, maxRetryAfterMs, logger, clock, random } = options;
  const facts = job.files.find((each) => each.name === file);
  if (facts === undefined) throw new MediaJobError('FILE_NOT_FOUND', { message: `Expected the job of ${name} to have the file ${JSON.stringify(file)}, got ${job.files.map((each) => each.name).join(', ') || 'none'}.`, advice: 'Wait for the end of the job; it lists its `files`.', facts: { service: name, jobId: job.id } });
  await mkdir(dirname(target), { recursive: true });
  const path = file.split('/').map(encodeURIComponent).join('/');
  return fetchFile({
    urls: [`${url}/jobs/${job.id}/files/${path}`], target, expected: { bytes: facts.bytes, sha256: facts.sha256 }, maxRedirects: 0,
    headers: headersOf(options, { headers: { accept: '*/*' }, correlationId }), fetch, tries, retryBaseMs, maxRetryAfterMs, logger, clock, random, ...(signal === undefined ? {} : { signal }),
  });
}
