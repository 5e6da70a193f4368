import { hashFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import { sizeOf } from './artifacts.ts';
import { parseOutput } from './outcome.ts';
import { placeOf, type RunContext } from './run-context.ts';
import { provideFiles, type NamedFile } from './shared-files.ts';

async function whyNotFetched(context: RunContext, folder: string, files: readonly NamedFile[], signal: AbortSignal): Promise<string | null> {
  try {
    await provideFiles(context, folder, files, signal);
    return null;
  } catch (error) {
    const { code, message } = MediaJobError.from(error);
    if (code === 'FILE_MISSING' || code === 'FILE_MISMATCH') return message;
    throw error;
  }
}

/** The size of a file that this machine has; of one that it lacks, what the file store says. */
async function sizeHereOrStored(context: RunContext, folder: string, { name, sha256, bytes }: NamedFile): Promise<number | undefined> {
  const here = await sizeOf(placeOf(context, folder, name));
  if (here === bytes || context.files === null) return here;
  return (await context.files.sizeOf({ folder, sha256 }, { signal: context.closed })) ?? undefined;
}

/** Why the result of a completed job cannot be given out; null when it can. With `digests` its files are read, and `signal` ends that. */
export async function whyUnusable(context: RunContext, { operation }: RegisteredOperation, record: JobRecord, digests: { readonly signal: AbortSignal } | null): Promise<string | null> {
  try {
    parseOutput(operation.output, record.output);
  } catch (error) {
    return MediaJobError.from(error).message;
  }
  const folder = record.outputFolder ?? '';
  const lacking = digests === null ? null : await whyNotFetched(context, folder, record.artifacts, digests.signal);
  if (lacking !== null) return lacking;
  for (const { name, bytes, sha256 } of record.artifacts) {
    const path = placeOf(context, folder, name);
    const size = await sizeHereOrStored(context, folder, { name, sha256, bytes });
    if (size !== bytes) return `Expected ${JSON.stringify(name)} to have ${bytes} bytes, got ${size === undefined ? 'no file' : String(size)}.`;
    if (digests !== null && (await hashFile(path, digests)).sha256 !== sha256) return `Expected ${JSON.stringify(name)} to have its recorded digest, got another: somebody has changed it.`;
  }
  return null;
}
