import type { FastifyReply, FastifyRequest } from 'fastify';
import { correlationHeader, correlationIdOf } from '../access/correlation-id.ts';
import { endUpload } from '../upload/end-upload.ts';
import { fromFastify } from './from-fastify.ts';
import { toOpenAiError } from '../openai/openai-error.ts';
import { problemType, retryAfterSeconds, toProblem } from './problem.ts';

/** Answers with problem details. What is a fault of ours is logged whole; the answer names it only. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = fromFastify(thrown);
  const correlationId = correlationIdOf(request);
  const facts = { err: error, correlationId, method: request.method, path: request.url.split('?')[0], code: error.code };
  if (error.httpStatus >= 500) request.log.error(facts, 'A request failed');
  else request.log.info(facts, 'A request was refused');
  const seconds = retryAfterSeconds(error);
  if (seconds !== undefined) void reply.header('retry-after', seconds);
  if (error.code === 'UNAUTHORIZED') void reply.header('www-authenticate', 'Bearer');
  endUpload(request, reply);
  const asOpenAi = request.routeOptions.config.mediaJobsRoute?.refusesAs === 'openai';
  return reply.code(error.httpStatus).header(correlationHeader, correlationId).header('cache-control', 'no-store').type(asOpenAi ? 'application/json; charset=utf-8' : problemType).send(asOpenAi ? toOpenAiError(error, correlationId) : toProblem(error, correlationId));
}
