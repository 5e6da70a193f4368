import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import type { HttpContext } from '../http-context.ts';
import { queryNumber } from '../route/flag.ts';
import { defineRoute, type Route } from '../route/route.ts';
import { untilGone } from './client-gone.ts';
import { findJob, findRecord, jobPath } from './find-job.ts';
import { jobSchema, jobSummarySchema, shownStates, summaryOf, viewOf } from './job-view.ts';

const listQuery = z.strictObject({
  /** At most so many. Default 20. */
  limit: queryNumber(1, 200).optional(),
  /** From the page before. */
  cursor: z.string().max(200).optional(),
  status: z.enum(shownStates).optional(),
  operation: z.string().max(64).optional(),
});

const waitQuery = z.strictObject({
  /** How long to wait for the end. Default 30. */
  timeoutSeconds: queryNumber(0, 300).optional(),
});

const defaultWaitSeconds = 30;

/** `GET /jobs`, `GET /jobs/:id`, `GET /jobs/:id/wait`. */
export function readRoutes(context: HttpContext): readonly Route[] {
  return [listRoute(context), getRoute(context), waitRoute(context)];
}

function listRoute({ jobs, base, gone }: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/jobs', id: 'listJobs', tag: 'jobs', summary: 'List jobs, newest first', access: 'client', query: listQuery,
    answers: { 200: { description: 'A page of jobs; `cursor` leads to the next, and is absent on the last.', schema: z.object({ jobs: z.array(jobSummarySchema), cursor: z.string().optional() }) } },
    refusals: ['STORE_UNAVAILABLE'],
    async handle({ query: { limit = 20, cursor, status, operation }, asker: { namespace } }) {
      const filter = { states: status === undefined ? shownStates : [status], ...(operation === undefined ? {} : { operation }), ...(namespace === undefined ? {} : { namespace }) };
      const page = await jobs.list(filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
      for (const record of page.jobs) gone.remember(record);
      return { jobs: page.jobs.map((record) => summaryOf(record, base)), ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
    },
  });
}

function getRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/jobs/:id', id: 'getJob', tag: 'jobs', summary: 'A job as it stands', access: 'client', params: jobPath,
    answers: { 200: { description: 'The job, with its result once it is completed.', schema: jobSchema } },
    refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'STORE_UNAVAILABLE'],
    handle: async ({ params, asker }) => viewOf(await findRecord(context, asker, params.id), context.base),
  });
}

function waitRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/jobs/:id/wait', id: 'waitForJob', tag: 'jobs', summary: 'A job when it has ended', access: 'client', params: jobPath, query: waitQuery, lasts: true,
    description: 'Answers as soon as the job has ended, and with the job as it then stands when the time is over before: look at `status`.',
    answers: { 200: { description: 'The job.', schema: jobSchema } },
    refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'EPOCH_PASSED', 'STORE_UNAVAILABLE'],
    async handle({ params, query: { timeoutSeconds = defaultWaitSeconds }, asker, reply }) {
      const { job } = await findJob(context, asker, params.id);
      using client = untilGone(reply, context.closing);
      try {
        return viewOf(await job.wait({ timeoutMs: timeoutSeconds * 1_000, signal: client.signal }), context.base);
      } catch (error) {
        const { code } = MediaJobError.from(error);
        if (code !== 'TIMEOUT' && code !== 'ABORTED' && code !== 'CLOSED') throw error;
        return viewOf(await findRecord(context, asker, params.id), context.base);
      }
    },
  });
}
