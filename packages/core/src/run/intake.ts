import { basename, resolve } from 'node:path';
import { checkInputFile, hashFile, type FileDigest } from '@media-jobs/cleanup';
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
  /** It belongs to a job of ours, or was received from a stream: it never changes, so a second name for it is as good as a copy. */
  readonly isOurs: boolean;
}

/** Whose job it will be, and what is known of its files. */
export interface IntakeOptions {
  readonly namespace: string;
  /** Digests of files of our own jobs, by absolute path: they are not read again. */
  readonly known?: ReadonlyMap<string, FileDigest>;
  readonly signal: AbortSignal;
}

/** Validates the input, looks at its files, hashes them where they lie, and works out the id. Throws `INVALID_INPUT` and `INPUT_*`. */
export async function takeIn(context: RunContext, registered: RegisteredOperation, input: unknown, { namespace, known, signal }: IntakeOptions): Promise<Intake> {
  const { operation, fileFields } = registered;
  const parsed = parseInput(operation, input);
  const files: IntakeFile[] = [];
  for (const field of fileFields) {
    const given = parsed[field];
    if (typeof given === 'string') files.push(await examine(context, field, given, { index: files.length, known, signal }));
  }
  const options = Object.fromEntries(Object.entries(parsed).filter(([field]) => !files.some((file) => file.field === field)));
  const facts = (await operation.identityFacts?.({ ...options, ...Object.fromEntries(files.map(({ field, source }) => [field, source])) })) ?? {};
  const { id, digest } = jobIdentity({ operation: operation.name, version: operation.version, namespace, options, inputs: files, facts });
  return { registered, id, digest, namespace, options, files };
}

interface Examination {
  readonly index: number;
  readonly known: ReadonlyMap<string, FileDigest> | undefined;
  readonly signal: AbortSignal;
}

async function examine({ maxInputBytes, received }: RunContext, field: string, given: string, { index, known, signal }: Examination): Promise<IntakeFile> {
  const path = resolve(given);
  const upload = received.get(path);
  if (upload !== undefined) return { field, name: `input-${index}`, source: path, isOurs: true, ...upload };
  const checked = await checkInputFile(path, { maxBytes: maxInputBytes });
  const digest = known?.get(path);
  const isOurs = digest?.bytes === checked.bytes;
  const { bytes, sha256 } = isOurs ? digest : await hashFile(checked.path, { signal });
  return { field, name: `input-${index}`, source: isOurs ? path : checked.path, bytes, sha256, originalName: basename(given), isOurs };
}
