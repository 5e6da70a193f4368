import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { jobRecordSchema, type JobRecord } from './job.ts';

/** The error for whoever gave what makes no valid record. */
export interface RecordRefusal {
  readonly code: MediaJobErrorCode;
  /** What the record was made from, such as `a request`. */
  readonly madeFrom: string;
  readonly advice: string;
}

/** The record itself, once it was held against its schema. Throws the refusal, naming the first wrong field. */
export function checkedRecord(record: JobRecord, { code, madeFrom, advice }: RecordRefusal): JobRecord {
  const parsed = jobRecordSchema.safeParse(record);
  if (parsed.success) return record;
  const issue = parsed.error.issues[0];
  throw new MediaJobError(code, {
    message: `Expected ${madeFrom} that makes a valid job record, got a wrong \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'unknown'}.`,
    advice,
    cause: parsed.error,
  });
}
