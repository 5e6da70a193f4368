import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { z } from 'zod';
import { once } from './built-when-used.ts';
import { jobRecordSchema, type JobRecord } from './job.ts';

/** The error for whoever gave what makes no valid record. */
export interface RecordRefusal {
  readonly code: MediaJobErrorCode;
  /** What the record was made from, such as `a request`. */
  readonly madeFrom: string;
  readonly advice: string;
}

/** What a request brings into a record. The rest is made here. */
export const requestedPart = once(() => partOf({
  id: true, digest: true, namespace: true, epoch: true, operation: true, operationVersion: true, priority: true, policy: true, options: true, inputs: true, inputFolder: true, correlationId: true,
}));

/** What an outcome brings into a record. The rest stood there, and was checked when it was read. */
export const outcomePart = once(() => partOf({ output: true, artifacts: true, outputFolder: true, error: true, history: true, usage: true, retryAt: true }));

function partOf(names: Partial<Record<keyof JobRecord, true>>): z.ZodType {
  const { shape } = jobRecordSchema;
  return z.object(Object.fromEntries(Object.keys(names).map((name) => [name, shape[name as keyof typeof shape]])));
}

/** The record itself, once the part of it that came from outside was held against its schema. Throws the refusal, naming the first wrong field. */
export function checkedRecord(record: JobRecord, part: z.ZodType, { code, madeFrom, advice }: RecordRefusal): JobRecord {
  const parsed = part.safeParse(record);
  if (parsed.success) return record;
  const issue = parsed.error.issues[0];
  throw new MediaJobError(code, {
    message: `Expected ${madeFrom} that makes a valid job record, got a wrong \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'unknown'}.`,
    advice,
    cause: parsed.error,
  });
}
