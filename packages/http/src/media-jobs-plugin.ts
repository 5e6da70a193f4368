import multipart from '@fastify/multipart';
import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyInstance } from 'fastify';
import { createGate, type Gate } from './access/access.ts';
import { carryCorrelationId } from './access/correlation-id.ts';
import { adminRoutes } from './admin/admin-routes.ts';
import { closingError } from './closing-error.ts';
import { eventsRoute } from './events/events-route.ts';
import { fileRoutes } from './files/file-routes.ts';
import { createHealthAsker } from './health/check-health.ts';
import { healthRoutes } from './health/health-routes.ts';
import type { HttpContext } from './http-context.ts';
import { changeRoutes } from './jobs/change-routes.ts';
import { createGoneJobs } from './jobs/gone-jobs.ts';
import { readRoutes } from './jobs/read-routes.ts';
import { limitRequests, shedLoad } from './limits.ts';
import { countRequests, metricsRoutes } from './metrics/metrics-routes.ts';
import { openAiRoutes } from './openai/openai-routes.ts';
import { serveDocument } from './openapi/docs-page.ts';
import { openApiDocument } from './openapi/document.ts';
import { resolveHttpOptions, type MediaJobsHttpOptions } from './options.ts';
import { servePage } from './page/serve-page.ts';
import { sendProblem } from './problem/send-problem.ts';
import { addRoutes } from './route/add-routes.ts';
import type { Route } from './route/route.ts';
import { answerExpectations, requireDeclaredLength } from './upload/declared-length.ts';
import { submitRoute } from './upload/submit-route.ts';
import { createUploadPlaces } from './upload/upload-places.ts';

/**
 * Media jobs over HTTP, for `fastify.register(mediaJobs, { jobs, prefix: '/api' })`. Everything that it sets up is its own: routes, error
 * format and limits do not reach the rest of the app. When the app closes, those who wait or follow are let go at once; the jobs go on until
 * whoever made them closes them. Throws `INVALID_OPTION`.
 */
export async function mediaJobs(fastify: FastifyInstance, options: MediaJobsHttpOptions): Promise<void> {
  const closing = new AbortController();
  const context: HttpContext = { ...resolveHttpOptions(options), base: fastify.prefix, gone: createGoneJobs(), closing: closing.signal };
  const gate = createGate(context);
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRequest', (request, reply, done) => {
    carryCorrelationId(request, reply);
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    // A connection that is kept would keep the server from closing.
    if (closing.signal.aborted) void reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.addHook('preClose', (done) => {
    closing.abort(closingError());
    done();
  });
  fastify.setErrorHandler(sendProblem);
  answerUnknownPaths(fastify);
  if (!fastify.hasRequestDecorator('parts')) await fastify.register(multipart);
  answerExpectations(fastify.server, (request) => isTooLong(request, context.maxUploadBytes));
  await serve(fastify, context, gate);
}

async function serve(fastify: FastifyInstance, context: HttpContext, gate: Gate): Promise<void> {
  await shedLoad(fastify, context.loadLimits);
  await limitRequests(fastify, context.rateLimit, gate);
  const { jobs, healthChecks, healthTimeoutMs, metrics } = context;
  const askHealth = createHealthAsker({ checks: [...jobs.healthChecks, ...healthChecks], timeoutMs: healthTimeoutMs });
  countRequests(fastify, metrics);
  const places = createUploadPlaces(context.maxUploads);
  const routes: readonly Route[] = [
    submitRoute(context, places), ...readRoutes(context), eventsRoute(context), ...changeRoutes(context), ...fileRoutes(context),
    ...openAiRoutes(context, places), ...healthRoutes(context, askHealth), ...metricsRoutes(context, askHealth), ...adminRoutes(context),
  ];
  addRoutes(fastify, gate, routes);
  await serveDocument(fastify, openApiDocument(context.service, context.base, routes), context.docs);
  servePage(fastify, context);
}

function isTooLong(request: Parameters<typeof requireDeclaredLength>[0], maxBytes: number): boolean {
  try {
    requireDeclaredLength(request, maxBytes);
    return false;
  } catch (error) {
    return MediaJobError.isInstance(error);
  }
}

/** At the root of an app that has an answer of its own to unknown paths, that one stands. */
function answerUnknownPaths(fastify: FastifyInstance): void {
  try {
    fastify.setNotFoundHandler((request, reply) => sendProblem(noRoute(request.method, request.url), request, reply));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('Not found handler already set')) throw error;
  }
}

function noRoute(method: string, url: string): MediaJobError {
  return new MediaJobError('ROUTE_NOT_FOUND', { message: `Expected the path of a route, got ${method} ${JSON.stringify(url.split('?')[0]?.slice(0, 200))}.`, advice: 'The OpenAPI document at `/openapi.json` lists all routes.' });
}
