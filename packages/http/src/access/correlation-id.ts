import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Name of the header in which it comes and goes. */
export const correlationHeader = 'x-correlation-id';

/** What is longer or odder is somebody's mischief, and must not stand in logs and records. */
const acceptable = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

const ids = new WeakMap<FastifyRequest, string>();

/** The id of a request: the caller's own when it brought one, else a new one. It stands in the answer, on the job and in each log line. */
export function correlationIdOf(request: FastifyRequest): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const given = [request.headers[correlationHeader], request.headers['x-request-id']].find((value) => typeof value === 'string' && acceptable.test(value));
  const id = typeof given === 'string' ? given : randomUUID();
  ids.set(request, id);
  return id;
}

/** Puts the id into the answer and into the log lines of the request. */
export function carryCorrelationId(request: FastifyRequest, reply: FastifyReply): void {
  const correlationId = correlationIdOf(request);
  request.log = request.log.child({ correlationId });
  void reply.header(correlationHeader, correlationId);
}
