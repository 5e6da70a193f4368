import { basename, dirname } from 'node:path';
import { send } from '@fastify/send';
import { create as contentDisposition } from 'content-disposition';
import type { JobFile } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HttpContext } from '../http-context.ts';
import { untilGone } from '../jobs/client-gone.ts';
import { findJob, jobPath, type FoundJob } from '../jobs/find-job.ts';
import { defineRoute, type Answer, type Route } from '../route/route.ts';

const filePath = jobPath.extend({ '*': z.string().max(500) });

const answers: Readonly<Record<number, Answer>> = {
  200: { description: 'The file.', mediaType: 'application/octet-stream' },
  206: { description: 'The bytes that `Range` asks for.', mediaType: 'application/octet-stream' },
  304: { description: 'The file is still the one that the client has.' },
};
const refusals = ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'JOB_NOT_READY', 'ILLEGAL_MOVE', 'FILE_NOT_FOUND', 'PRECONDITION_FAILED', 'RANGE_UNSATISFIABLE', 'STORE_UNAVAILABLE', 'FILES_UNAVAILABLE', 'FILE_MISSING', 'FILE_MISMATCH', 'DISK_FULL'] as const;

/** `GET /jobs/:id/download` and `GET /jobs/:id/files/NAME`. */
export function fileRoutes(context: HttpContext): readonly Route[] {
  return [
    defineRoute({
      method: 'GET', path: '/jobs/:id/download', id: 'downloadJob', tag: 'files', summary: 'The first file of a completed job', access: 'client', params: jobPath, answers, refusals,
      async handle({ params, asker, request, reply }) {
        const found = await findJob(context, asker, params.id);
        const [first] = found.record.artifacts;
        const files = await filesOf(context, found, first?.name ?? '', reply);
        return sendFile(request, reply, found, first?.name ?? '', first === undefined ? undefined : files[first.name]);
      },
    }),
    defineRoute({
      method: 'GET', path: '/jobs/:id/files/*', id: 'downloadFile', tag: 'files', summary: 'A file of a completed job', access: 'client', params: filePath, answers, refusals,
      async handle({ params, asker, request, reply }) {
        const found = await findJob(context, asker, params.id);
        const name = params['*'];
        const files = await filesOf(context, found, name, reply);
        return sendFile(request, reply, found, name, Object.hasOwn(files, name) ? files[name] : undefined);
      },
    }),
  ];
}

/** A job that cannot come to have files any more is refused as what it is. A file that this machine lacks is fetched, unless the client goes away. */
async function filesOf(context: HttpContext, { job, record }: FoundJob, name: string, reply: FastifyReply): Promise<Readonly<Record<string, JobFile>>> {
  if (record.state === 'failed' || record.state === 'cancelled') {
    throw new MediaJobError('ILLEGAL_MOVE', { message: `Expected a completed job, got one that is ${record.state}.`, advice: 'Look at its `error`; submit it again.', facts: { jobId: record.id, state: record.state } });
  }
  using client = untilGone(reply, context.closing);
  return await job.files({ names: [name], signal: client.signal });
}

/** Only names that the record holds lead to files. Ranges and conditional requests are answered by `@fastify/send`. */
async function sendFile(request: FastifyRequest, reply: FastifyReply, { record }: FoundJob, name: string, file: JobFile | undefined): Promise<unknown> {
  if (file === undefined) {
    throw new MediaJobError('FILE_NOT_FOUND', { message: `Expected the name of a file of the job, got ${JSON.stringify(name.slice(0, 80))}.`, advice: 'The job lists its `files`.', facts: { jobId: record.id, names: record.artifacts.map((artifact) => artifact.name) } });
  }
  const { statusCode, headers, stream, type } = await send(request.raw, encodeURIComponent(basename(file.path)), { root: dirname(file.path), dotfiles: 'allow', index: false, cacheControl: false, contentType: false });
  if (type !== 'file') {
    stream.destroy();
    if (statusCode === 416) void reply.header('content-range', `bytes */${file.bytes}`);
    throw refusalOf(statusCode, record.id, file);
  }
  const range = headers['Content-Range'];
  if (statusCode !== 304 && range === undefined) void reply.header('x-content-sha256', file.sha256);
  return reply
    .code(statusCode)
    .headers(headers)
    .header('content-type', file.mediaType ?? 'application/octet-stream')
    .header('content-disposition', contentDisposition(basename(name)))
    // What a job made came from a stranger's file: no browser shall run it.
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'private, no-cache')
    .send(stream);
}

function refusalOf(status: number, jobId: string, { bytes }: JobFile): MediaJobError {
  if (status === 416) return new MediaJobError('RANGE_UNSATISFIABLE', { message: `Expected a range within ${bytes} bytes, got one beyond.`, advice: 'Ask for the file without a range to begin again.', facts: { jobId, bytes } });
  if (status === 412) return new MediaJobError('PRECONDITION_FAILED', { message: 'Expected the file that the request names by its tag or time, got another.', advice: 'Fetch it anew.', facts: { jobId } });
  return new MediaJobError('JOB_EXPIRED', { message: 'Expected the file of the job, got none: it has been removed.', advice: 'Submit the job again.', facts: { jobId } });
}
