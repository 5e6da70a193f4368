import { errorCodes, type MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { z } from 'zod';
import { withoutPlaces } from './without-places.ts';

/** A refusal as it is sent: problem details (RFC 9457), with the code of the one table. */
export const problemSchema = z.object({
  /** The code, as a URN. */
  type: z.string(),
  /** What the code means. */
  title: z.string(),
  status: z.number().int(),
  /** What happened: what was expected and what came instead. */
  detail: z.string(),
  /** What the caller can do about it. */
  advice: z.string().optional(),
  code: z.enum(Object.keys(errorCodes)),
  /** Whether trying again can help. */
  retryable: z.boolean(),
  retryAfterMs: z.number().optional(),
  /** Plain values that help to understand it. */
  facts: z.record(z.string(), z.unknown()).optional(),
  correlationId: z.string(),
});

/** Problem details as they are sent. */
export type Problem = z.infer<typeof problemSchema>;

/** Media type of problem details. */
export const problemType = 'application/problem+json; charset=utf-8';

/** Facts that help a caller; whatever else an error knows is for the log. */
const openFacts = new Set(['issues', 'operation', 'field', 'fields', 'option', 'bytes', 'maxBytes', 'maxWaiting', 'jobId', 'state', 'limit', 'name', 'names', 'mediaType']);

/** Causes of these are ours, and what they say names folders and servers of ours; who needs to know reads the log by the correlation id. */
function isOurs(code: MediaJobErrorCode): boolean {
  return errorCodes[code].httpStatus >= 500 && code !== 'CLOSED' && code !== 'RESETTING' && code !== 'OVERLOADED';
}

/** The error as a caller may see it. */
export function toProblem(error: MediaJobError, correlationId: string): Problem {
  const { code, httpStatus: status, retryable, advice, retryAfterMs } = error;
  const { meaning } = errorCodes[code];
  const facts = isOurs(code) ? [] : Object.entries(error.facts).filter(([name]) => openFacts.has(name));
  return {
    type: `urn:media-jobs:error:${code}`,
    title: meaning,
    status,
    detail: isOurs(code) ? meaning : withoutPlaces(error.message),
    ...(advice === undefined || isOurs(code) ? {} : { advice: withoutPlaces(advice) }),
    code,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(facts.length === 0 ? {} : { facts: Object.fromEntries(facts) }),
    correlationId,
  };
}

/** Seconds for `Retry-After`; undefined where waiting is not asked for. */
export function retryAfterSeconds({ httpStatus, retryAfterMs }: MediaJobError): number | undefined {
  if (retryAfterMs !== undefined) return Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return httpStatus === 429 || httpStatus === 503 ? 5 : undefined;
}
