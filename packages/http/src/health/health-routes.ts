import { z } from 'zod';
import type { HttpContext } from '../http-context.ts';
import { defineRoute, type Answer, type Route } from '../route/route.ts';
import { withoutPlaces } from '../problem/without-places.ts';
import { createHealthAsker, type CheckResult, type HealthAsker } from './check-health.ts';

const checkSchema = z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), advice: z.string().optional(), wallMs: z.number() });
const healthSchema = z.object({ status: z.enum(['ok', 'unhealthy', 'closing']), service: z.string(), version: z.string(), time: z.iso.datetime(), checks: z.array(checkSchema) });

const answers: Readonly<Record<number, Answer>> = {
  200: { description: 'All checks are fine.', schema: healthSchema },
  503: { description: 'At least one is not; each says what it found and what can be done.', schema: healthSchema },
};

/** `GET /health`, `GET /ready`, `GET /live`. */
export function healthRoutes({ jobs, healthTimeoutMs, service, closing }: HttpContext, askAll: HealthAsker): readonly Route[] {
  // Whether requests can be taken: what a job needs only later may be away for a while.
  const askStore = createHealthAsker({ checks: jobs.healthChecks.filter(({ name }) => name === 'store'), timeoutMs: healthTimeoutMs });
  const told = (status: z.infer<typeof healthSchema>['status'], checks: readonly CheckResult[]): unknown => ({ status, service: service.name, version: service.version, time: new Date().toISOString(), checks: checks.map(withoutOurPlaces) });
  const common = { method: 'GET', tag: 'health', access: 'open', refusals: [], unlimited: true } as const;
  return [
    defineRoute({
      ...common, path: '/health', id: 'getHealth', summary: 'Whether everything works that jobs need', answers,
      description: `Store, disk, memory, workers by their sign of life, programs, engine and model, each within ${healthTimeoutMs} ms and all side by side.`,
      async handle({ reply }) {
        const { ok, checks } = await askAll();
        return reply.code(ok ? 200 : 503).send(told(ok ? 'ok' : 'unhealthy', checks));
      },
    }),
    defineRoute({
      ...common, path: '/ready', id: 'getReadiness', summary: 'Whether requests can be taken', answers,
      async handle({ reply }) {
        const { ok, checks } = await askStore();
        const ready = ok && !closing.aborted;
        return reply.code(ready ? 200 : 503).send(told(closing.aborted ? 'closing' : ok ? 'ok' : 'unhealthy', checks));
      },
    }),
    defineRoute({
      ...common, path: '/live', id: 'getLiveness', summary: 'Whether the process answers', answers: { 200: { description: 'It does.', schema: healthSchema } },
      handle: () => Promise.resolve(told('ok', [])),
    }),
  ];
}

/** Anybody may ask. */
function withoutOurPlaces({ detail, advice, ...check }: CheckResult): CheckResult {
  return { ...check, detail: withoutPlaces(detail), ...(advice === undefined ? {} : { advice: withoutPlaces(advice) }) };
}
