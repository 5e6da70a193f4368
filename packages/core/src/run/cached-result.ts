import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import { sizeOf } from './artifacts.ts';
import { parseOutput } from './outcome.ts';
import { placeOf, type RunContext } from './run-context.ts';

/** Why the result of a completed job cannot be given out; null when it can. */
export async function whyUnusable(context: RunContext, { operation }: RegisteredOperation, record: JobRecord): Promise<string | null> {
  try {
    parseOutput(operation.output, record.output);
  } catch (error) {
    return MediaJobError.from(error).message;
  }
  for (const { name, bytes } of record.artifacts) {
    const size = await sizeOf(placeOf(context, record.outputFolder ?? '', name));
    if (size !== bytes) return `Expected ${JSON.stringify(name)} to have ${bytes} bytes, got ${size === undefined ? 'no file' : String(size)}.`;
  }
  return null;
}
