import { hashFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import { sizeOf } from './artifacts.ts';
import { parseOutput } from './outcome.ts';
import { placeOf, type RunContext } from './run-context.ts';

/** Why the result of a completed job cannot be given out; null when it can. With `digests` its files are read, and `signal` ends that. */
export async function whyUnusable(context: RunContext, { operation }: RegisteredOperation, record: JobRecord, digests: { readonly signal: AbortSignal } | null): Promise<string | null> {
  try {
    parseOutput(operation.output, record.output);
  } catch (error) {
    return MediaJobError.from(error).message;
  }
  for (const { name, bytes, sha256 } of record.artifacts) {
    const path = placeOf(context, record.outputFolder ?? '', name);
    const size = await sizeOf(path);
    if (size !== bytes) return `Expected ${JSON.stringify(name)} to have ${bytes} bytes, got ${size === undefined ? 'no file' : String(size)}.`;
    if (digests !== null && (await hashFile(path, digests)).sha256 !== sha256) return `Expected ${JSON.stringify(name)} to have its recorded digest, got another: somebody has changed it.`;
  }
  return null;
}
