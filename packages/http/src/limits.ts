import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyInstance } from 'fastify';
import type { Gate } from './access/access.ts';
import type { LoadLimits, RateLimit } from './options.ts';

/** Counts the requests of each client, or of each address where there are no tokens, and turns away what is beyond. */
export async function limitRequests(fastify: FastifyInstance, limit: RateLimit | false, gate: Gate): Promise<void> {
  if (limit === false) return;
  await fastify.register(rateLimit, {
    max: limit.max,
    timeWindow: limit.windowMs,
    keyGenerator: (request) => gate.identify(request)?.name ?? request.ip,
    errorResponseBuilder: (_request, { max, ttl }) => new MediaJobError('RATE_LIMITED', {
      message: `Expected at most ${max} requests in ${limit.windowMs} ms, got more.`,
      advice: 'Ask less often: follow a job by its events instead of polling it.',
      facts: { limit: max },
      retryAfterMs: Math.max(1, ttl),
    }),
  });
}

const retryAfterMs = 5_000;

/** Turns requests away while the process is overloaded, except of those who watch it. */
export async function shedLoad(fastify: FastifyInstance, limits: LoadLimits | false): Promise<void> {
  if (limits === false) return;
  const { maxEventLoopDelayMs, maxHeapUsedBytes, maxRssBytes } = limits;
  await fastify.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    maxHeapUsedBytes,
    maxRssBytes,
    pressureHandler(request, _reply, type, value) {
      if (request.routeOptions.config.mediaJobsRoute?.unlimited === true) return;
      throw new MediaJobError('OVERLOADED', { message: `Expected a service that keeps up, got one under pressure (${type}: ${String(value)}).`, advice: 'Try again in a moment.', retryAfterMs });
    },
  });
}
