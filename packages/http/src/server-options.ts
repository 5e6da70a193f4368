import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { sendProblem } from './problem/send-problem.ts';

/**
 * For `Fastify({ ...serverOptions })`, which a plugin cannot set for its app: refusals of Fastify itself, before any route is found, have the
 * same format as all others; uploads may take as long as they need, since their
 * silence is watched; a connection on which nothing moves is ended.
 */
export const serverOptions: Readonly<Pick<FastifyServerOptions, 'frameworkErrors' | 'requestTimeout' | 'connectionTimeout'>> = Object.freeze({
  frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void sendProblem(error, request, reply),
  requestTimeout: 0,
  // Above the longest wait for a job; a stream of events is never so quiet.
  connectionTimeout: 330_000,
});
