import { basename, resolve } from 'node:path';
import { checkInputFile, hashFile } from '@media-jobs/cleanup';
import { jobIdentity } from '../job/identity.ts';
import type { InputFile } from '../job/job.ts';
import { parseInput } from '../operation/parse-input.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import type { RunContext } from './run-context.ts';

/** What is asked for, known by its content. Nothing has been copied. */
export interface Intake {
  readonly registered: RegisteredOperation;
  readonly id: string;
  readonly digest: string;
  readonly namespace: string;
  /** The input without its file fields. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly files: readonly IntakeFile[];
}

/** A file of the caller's, and what it will be for the job. */
export interface IntakeFile extends InputFile {
  /** Absolute. */
  readonly source: string;
}

/** Validates the input, looks at its files, hashes them where they lie, and works out the id. Throws `INVALID_INPUT` and `INPUT_*`. */
export async function takeIn(context: RunContext, registered: RegisteredOperation, input: unknown, namespace: string, signal: AbortSignal): Promise<Intake> {
  const { operation, fileFields } = registered;
  const parsed = parseInput(operation, input);
  const files: IntakeFile[] = [];
  for (const field of fileFields) {
    const given = parsed[field];
    if (typeof given === 'string') files.push(await examine(context, field, given, files.length, signal));
  }
  const options = Object.fromEntries(Object.entries(parsed).filter(([field]) => !files.some((file) => file.field === field)));
  const facts = (await operation.identityFacts?.({ ...options, ...Object.fromEntries(files.map(({ field, source }) => [field, source])) })) ?? {};
  const { id, digest } = jobIdentity({ operation: operation.name, version: operation.version, namespace, options, inputs: files, facts });
  return { registered, id, digest, namespace, options, files };
}

async function examine({ maxInputBytes }: RunContext, field: string, given: string, index: number, signal: AbortSignal): Promise<IntakeFile> {
  const { path: source } = await checkInputFile(resolve(given), { maxBytes: maxInputBytes });
  const { bytes, sha256 } = await hashFile(source, { signal });
  return { field, name: `input-${index}`, source, bytes, sha256, originalName: basename(given) };
}
