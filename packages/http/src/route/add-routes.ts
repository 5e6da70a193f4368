import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asker, Gate } from '../access/access.ts';
import { correlationIdOf } from '../access/correlation-id.ts';
import { readPart } from './read-part.ts';
import type { Route } from './route.ts';

/** Who asks, once that is known. */
const askers = new WeakMap<FastifyRequest, Asker>();

/** Registers the routes with Fastify. Tokens and declared lengths are judged before a byte of the body is read. */
export function addRoutes(fastify: FastifyInstance, gate: Gate, routes: readonly Route[]): void {
  for (const route of routes) {
    const { method, path, access, body } = route;
    fastify.route({
      method,
      url: path,
      exposeHeadRoute: method === 'GET' && route.lasts !== true,
      config: { mediaJobsRoute: route, ...(route.unlimited === true ? { rateLimit: false as const } : {}) },
      // After the limit of rate, which counts those without a token as well, and before the body.
      preParsing: (request, _reply, payload, done) => {
        try {
          askers.set(request, gate.admit(request, access));
          route.before?.(request);
          done(null, payload);
        } catch (error) {
          done(MediaJobError.from(error));
        }
      },
      handler: (request, reply) => answer(route, request, reply, body !== undefined),
    });
  }
}

async function answer(route: Route, request: FastifyRequest, reply: FastifyReply, readsBody: boolean): Promise<unknown> {
  const asker = askers.get(request);
  if (asker === undefined) throw new MediaJobError('UNAUTHORIZED', { message: 'Expected a request that was admitted, got one that was not.' });
  return route.handle({
    request,
    reply,
    params: readPart('path', route.params, request.params),
    query: readPart('query', route.query, request.query),
    body: readsBody ? readPart('body', route.body, request.body ?? {}) : undefined,
    asker,
    correlationId: correlationIdOf(request),
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route as its document tells it. */
    readonly mediaJobsRoute?: Route;
  }
}
