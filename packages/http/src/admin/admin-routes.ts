import type { AnyMediaJobs, JobFilter, JobRecord } from '@media-jobs/core';
import { MediaJobError, systemClock } from '@media-jobs/foundation';
import { z } from 'zod';
import type { HttpContext } from '../http-context.ts';
import { findRecord, jobPath } from '../jobs/find-job.ts';
import { jobSchema, jobSummarySchema, summaryOf, viewOf } from '../jobs/job-view.ts';
import { queryNumber } from '../route/flag.ts';
import { defineRoute, type Route } from '../route/route.ts';
import { resetRoutes } from './reset-routes.ts';

const page = z.object({ jobs: z.array(jobSummarySchema), cursor: z.string().optional() });
const pageQuery = z.strictObject({ limit: queryNumber(1, 200).optional(), cursor: z.string().max(200).optional() });
const anything = z.looseObject({});

/** Everything below `/admin`. */
export function adminRoutes(context: HttpContext): readonly Route[] {
  return [statsRoute(context), queueRoute(context), stuckRoute(context), repairRoute(context), deadLettersRoute(context), retryAllRoute(context), retryOneRoute(context), ...resetRoutes(context)];
}

function statsRoute({ jobs }: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/admin/stats', id: 'getStats', tag: 'admin', summary: 'Counts of jobs, files, cache and waiting line', access: 'admin',
    answers: { 200: { description: 'The counts.', schema: anything } }, refusals: ['STORE_UNAVAILABLE'],
    handle: () => jobs.stats(),
  });
}

function queueRoute({ jobs }: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/admin/queue', id: 'getQueue', tag: 'admin', summary: 'The waiting line', access: 'admin',
    answers: { 200: { description: 'How many wait and run, in all and by operation.', schema: anything } }, refusals: ['STORE_UNAVAILABLE'],
    async handle() {
      const { byState, byOperation, oldestWaitingMs, queue, runner } = await jobs.stats();
      const lines = Object.entries(byOperation).map(([operation, { waiting, running }]) => [operation, { waiting, running }] as const);
      return { waiting: byState.queued + byState.retrying, running: byState.running, oldestWaitingMs, byOperation: Object.fromEntries(lines), thisProcess: { queue, runner } };
    },
  });
}

/** A running job whose lease has passed: its worker has given no sign of life, and the next repair takes it back. */
function isStuck({ claim }: JobRecord): boolean {
  return claim !== null && claim.leaseUntil < systemClock.now();
}

function stuckRoute({ jobs, base }: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/admin/stuck', id: 'getStuckJobs', tag: 'admin', summary: 'Running jobs whose worker gives no sign of life', access: 'admin',
    description: 'Never by age: a long job that beats is healthy. Also how many jobs of this process ignore that they were killed.',
    answers: { 200: { description: 'The jobs.', schema: z.object({ jobs: z.array(jobSummarySchema), ignoringKill: z.number() }) } }, refusals: ['STORE_UNAVAILABLE'],
    async handle() {
      const running = await all(jobs, { states: ['running'] });
      return { jobs: running.filter(isStuck).map((record) => summaryOf(record, base)), ignoringKill: (await jobs.stats()).runner?.stuck ?? 0 };
    },
  });
}

function repairRoute({ jobs }: HttpContext): Route {
  return defineRoute({
    method: 'POST', path: '/admin/stuck/repair', id: 'repairStuckJobs', tag: 'admin', summary: 'Take back what got stuck, and tidy up', access: 'admin',
    description: 'One whole pass of the cleanup, awaited: lapsed claims are in line again, due retries too; what is expired or nobody’s goes.',
    answers: { 200: { description: 'What the pass did.', schema: anything } }, refusals: ['STORE_UNAVAILABLE'],
    handle: () => jobs.sweep(),
  });
}

function deadLettersRoute({ jobs, base }: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/admin/dead-letters', id: 'getDeadLetters', tag: 'admin', summary: 'Failed jobs that ran out of attempts or workers, newest first', access: 'admin', query: pageQuery,
    answers: { 200: { description: 'A page of them.', schema: page } }, refusals: ['STORE_UNAVAILABLE'],
    async handle({ query: { limit = 20, cursor } }) {
      const found = await jobs.list({ deadLetter: true }, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { jobs: found.jobs.map((record) => summaryOf(record, base)), ...(found.cursor === undefined ? {} : { cursor: found.cursor }) };
    },
  });
}

function retryAllRoute({ jobs }: HttpContext): Route {
  return defineRoute({
    method: 'POST', path: '/admin/dead-letters/retry', id: 'retryDeadLetters', tag: 'admin', summary: 'Put dead letters in line again', access: 'admin',
    query: z.strictObject({
      /** Only those of this operation. */
      operation: z.string().max(64).optional(),
    }),
    answers: { 200: { description: 'The ids of those that are in line again.', schema: z.object({ retried: z.array(z.string()) }) } }, refusals: ['STORE_UNAVAILABLE'],
    async handle({ query: { operation } }) {
      const dead = await all(jobs, { deadLetter: true, ...(operation === undefined ? {} : { operation }) });
      const retried: string[] = [];
      for (const { id } of dead) if (await retries(jobs, id)) retried.push(id);
      return { retried };
    },
  });
}

function retryOneRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'POST', path: '/admin/dead-letters/:id/retry', id: 'retryDeadLetter', tag: 'admin', summary: 'Put one dead letter in line again', access: 'admin', params: jobPath,
    answers: { 202: { description: 'The job, in line again.', schema: jobSchema } }, refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'ILLEGAL_MOVE', 'STORE_UNAVAILABLE'],
    async handle({ params, asker, reply }) {
      await findRecord(context, asker, params.id);
      return reply.code(202).send(viewOf(await (await context.jobs.redrive(params.id)).record(), context.base));
    },
  });
}

/** One that moved on meanwhile is left out. */
async function retries(jobs: AnyMediaJobs, id: string): Promise<boolean> {
  try {
    await jobs.redrive(id);
    return true;
  } catch (error) {
    const { code } = MediaJobError.from(error);
    if (code === 'ILLEGAL_MOVE' || code === 'JOB_NOT_FOUND' || code === 'JOB_EXPIRED') return false;
    throw error;
  }
}

async function all(jobs: AnyMediaJobs, filter: JobFilter): Promise<readonly JobRecord[]> {
  const records: JobRecord[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const found = await jobs.list(filter, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    records.push(...found.jobs);
    cursor = found.cursor;
  }
  return records;
}
