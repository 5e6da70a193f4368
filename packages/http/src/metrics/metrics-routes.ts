import type { FastifyInstance } from 'fastify';
import type { HealthAsker } from '../health/check-health.ts';
import type { HttpContext } from '../http-context.ts';
import { defineRoute, type Route } from '../route/route.ts';
import type { MediaJobsMetrics } from './metrics.ts';

/** `GET /metrics`, where there are any. */
export function metricsRoutes({ jobs, metrics }: HttpContext, askHealth: HealthAsker): readonly Route[] {
  if (metrics === undefined) return [];
  return [
    defineRoute({
      method: 'GET', path: '/metrics', id: 'getMetrics', tag: 'health', summary: 'Figures for Prometheus', access: 'open', refusals: [], unlimited: true,
      answers: { 200: { description: 'The figures as text.', mediaType: 'text/plain' } },
      handle: async ({ reply }) => reply.type(metrics.contentType).send(await metrics.text(jobs, await askHealth())),
    }),
  ];
}

/** Counts each request when it is answered. */
export function countRequests(fastify: FastifyInstance, metrics: MediaJobsMetrics | undefined): void {
  if (metrics === undefined) return;
  fastify.addHook('onResponse', (request, reply, done) => {
    metrics.requestAnswered({ method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode, wallMs: reply.elapsedTime });
    done();
  });
}
