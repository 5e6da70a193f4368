import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import type { HttpContext } from '../http-context.ts';
import { queryFlag } from '../route/flag.ts';
import { defineRoute, type Route } from '../route/route.ts';
import { findJob, findRecord, jobPath } from './find-job.ts';
import { jobSchema, viewOf } from './job-view.ts';

/** How long a job that is cancelled to be deleted may take to end. */
const cancelPatienceMs = 15_000;

/** `POST /jobs/:id/cancel`, `POST /jobs/:id/retry`, `DELETE /jobs/:id`. */
export function changeRoutes(context: HttpContext): readonly Route[] {
  return [cancelRoute(context), retryRoute(context), deleteRoute(context)];
}

function cancelRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'POST', path: '/jobs/:id/cancel', id: 'cancelJob', tag: 'jobs', summary: 'Cancel a job', access: 'client', params: jobPath,
    answers: {
      200: { description: 'It waited, and has ended.', schema: jobSchema },
      202: { description: 'It runs; its work is being stopped.', schema: jobSchema },
    },
    refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'ILLEGAL_MOVE', 'STORE_UNAVAILABLE'],
    async handle({ params, asker, reply }) {
      const { job } = await findJob(context, asker, params.id);
      const outcome = await job.cancel();
      const record = await findRecord(context, asker, params.id);
      if (outcome === 'ended') throw new MediaJobError('ILLEGAL_MOVE', { message: `Expected a job that waits or runs, got one that is ${record.state}.`, advice: 'It has ended; delete it if it is not wanted.', facts: { jobId: record.id, state: record.state } });
      return reply.code(outcome === 'cancelled' ? 200 : 202).send(viewOf(record, context.base));
    },
  });
}

function retryRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'POST', path: '/jobs/:id/retry', id: 'retryJob', tag: 'jobs', summary: 'Put a failed job in line again, with its input as it was', access: 'client', params: jobPath,
    answers: { 202: { description: 'It is in line as a new generation.', schema: jobSchema } },
    refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'ILLEGAL_MOVE', 'STORE_UNAVAILABLE'],
    async handle({ params, asker, reply }) {
      await findRecord(context, asker, params.id);
      const job = await context.jobs.redrive(params.id);
      return reply.code(202).send(viewOf(await job.record(), context.base));
    },
  });
}

function deleteRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'DELETE', path: '/jobs/:id', id: 'deleteJob', tag: 'jobs', summary: 'Delete an ended job with its files', access: 'client', params: jobPath,
    query: z.strictObject({
      /** Cancel it first when it waits or runs. */
      force: queryFlag.optional(),
    }),
    answers: { 204: { description: 'The job and its files are gone.' } },
    refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'ILLEGAL_MOVE', 'TIMEOUT', 'STORE_UNAVAILABLE'],
    async handle({ params, query, asker, reply }) {
      const { job } = await findJob(context, asker, params.id);
      if (query.force === true) {
        await job.cancel();
        await job.wait({ timeoutMs: cancelPatienceMs });
      }
      await context.jobs.delete(params.id);
      context.gone.forget(params.id);
      return reply.code(204).send();
    },
  });
}
