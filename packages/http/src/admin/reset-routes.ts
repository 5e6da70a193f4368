import { factoryReset } from '@media-jobs/cleanup';
import type { HttpContext } from '../http-context.ts';
import { defineRoute, type Route } from '../route/route.ts';
import { factoryReportSchema, resetReportSchema } from './report-schemas.ts';
import { resetFlags, resetOptionsOf } from './reset-flags.ts';

const warning = 'It cannot be undone, it cancels running jobs, and it may take a minute: the answer comes when everything is done. A client that goes away does not stop it.';

/** `POST /admin/cleanup` and `POST /admin/factory-reset`. */
export function resetRoutes({ jobs, remoteServices }: HttpContext): readonly Route[] {
  return [
    defineRoute({
      method: 'POST', path: '/admin/cleanup', id: 'cleanUp', tag: 'admin', summary: 'Remove what is expired and orphaned, or with `deep` everything', access: 'admin', query: resetFlags, body: resetFlags,
      description: `Without flags, what is expired or orphaned goes. With \`deep\`, all jobs and all files: ${warning}`,
      answers: { 200: { description: 'What was removed, and what could not be.', schema: resetReportSchema } },
      refusals: ['STORE_UNAVAILABLE'],
      handle: ({ query, body }) => jobs.reset(resetOptionsOf(query, body)),
    }),
    defineRoute({
      method: 'POST', path: '/admin/factory-reset', id: 'factoryReset', tag: 'admin', summary: 'Empty this service, and the others that it was given', access: 'admin', query: resetFlags, body: resetFlags,
      description: `All jobs, files, queues and models go, here and in the other services, each of which is reported by name; one that fails or is down does not keep the others from it. ${warning}`,
      answers: { 200: { description: 'What became of each service.', schema: factoryReportSchema } },
      refusals: ['STORE_UNAVAILABLE'],
      async handle() {
        const report = await factoryReset((request) => jobs.reset(request), remoteServices);
        return { ...report, ok: report.self.ok && Object.values(report.services).every(({ status }) => status === 'success') };
      },
    }),
  ];
}
