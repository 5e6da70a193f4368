import type { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import { toProblem } from '../problem/problem.ts';

/** A refusal as clients of OpenAI read it; the code is that of the one table. */
export const openAiErrorSchema = z.object({ error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }) });

/** The same refusal as `toProblem` tells, in the form of OpenAI. */
export function toOpenAiError(error: MediaJobError, correlationId: string): z.infer<typeof openAiErrorSchema> {
  const { detail, advice, status, facts, code } = toProblem(error, correlationId);
  const fields = facts?.['fields'];
  const type = status === 401 ? 'authentication_error' : status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message: advice === undefined ? detail : `${detail} ${advice}`, type, param: Array.isArray(fields) ? String(fields[0]) : null, code } };
}
