import type { Multipart, MultipartFile, MultipartValue } from '@fastify/multipart';
import type { ReceivedFile } from '@media-jobs/core';
import { DisposalStack, MediaJobError, systemClock } from '@media-jobs/foundation';
import type { FastifyRequest } from 'fastify';
import type { HttpContext } from '../http-context.ts';
import { fromFastify } from '../problem/from-fastify.ts';
import { requireKnownFields, wrongFields, type OperationFields } from './operation-fields.ts';
import { typedField } from './typed-fields.ts';

/** A form that has arrived. Disposal removes its files; jobs that were made of them keep their own. */
export interface ReceivedForm extends AsyncDisposable {
  /** The input of the operation, its files as paths. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Fields are options, not content. */
const limits = Object.freeze({ fileSize: Infinity, fieldSize: 65_536, fieldNameSize: 200, fields: 100, parts: 120, headerPairs: 50 });

/** Longer names are cut: they are for people only. */
const maxNameLength = 255;

/**
 * Reads a form as it arrives: files to disk, hashed in the same pass, in constant memory; fields as the types that the operation takes. What
 * is wrong with the form ends it at once. Throws `INVALID_INPUT`, `BAD_REQUEST`, and as `receive` of the jobs does; nothing is left then.
 */
export async function receiveForm(context: HttpContext, request: FastifyRequest, fields: OperationFields, signal: AbortSignal): Promise<ReceivedForm> {
  await using held = new DisposalStack();
  const input = new Map<string, unknown>();
  for await (const part of partsOf(request, { files: fields.files.size + 1, stallMs: context.uploadStallMs, signal })) {
    const name = part.fieldname as string | undefined;
    if (name === undefined) throw malformed('a part of it has no name');
    if (part.type === 'field' && isList(name)) input.set(name, [...((input.get(name) as readonly unknown[] | undefined) ?? []), fieldValue(fields, part)]);
    else if (input.has(name)) throw wrongFields(fields.operation, [name], 'given once, got it twice', 'Send one of them.');
    else if (part.type === 'field') input.set(name, fieldValue(fields, part));
    else input.set(name, held.use(await receivePart(context, request, fields, part, signal)).path);
  }
  const kept = held.move();
  return { input: Object.fromEntries(input), [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/** Fields whose names end so may come several times, as forms write lists. */
function isList(name: string): boolean {
  return name.endsWith('[]');
}

/** The parts of the form. What its parser throws says that the form is malformed, or larger than a form may be. */
async function* partsOf(request: FastifyRequest, { files, ...patience }: Patience & { readonly files: number }): AsyncGenerator<Multipart, void> {
  const parts = request.parts({ limits: { ...limits, files } });
  for (;;) {
    const next = await nextPart(parts, patience);
    if (next === undefined) return;
    yield next;
  }
}

interface Patience {
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** The silence of a sender within a file is watched where the file is received; between the parts, here. */
async function nextPart(parts: AsyncIterator<Multipart>, patience: Patience): Promise<Multipart | undefined> {
  using limit = limitOf(patience);
  try {
    const { done, value } = await Promise.race([parts.next(), limit.over]);
    return done === true ? undefined : value;
  } catch (error) {
    const mistake = fromFastify(error);
    throw mistake.code === 'UNKNOWN' ? malformed(mistake.message, error) : mistake;
  }
}

/** Rejects when the sender has been silent for too long, or when the signal aborts. */
function limitOf({ stallMs, signal }: Patience): { readonly over: Promise<never> } & Disposable {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = systemClock.after(stallMs, () => reject(malformed(`nothing came for ${stallMs} ms`)));
  const onAbort = (): void => reject(MediaJobError.from(signal.reason));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    over: promise,
    [Symbol.dispose]() {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    },
  };
}

function malformed(why: string, cause?: unknown): MediaJobError {
  return new MediaJobError('BAD_REQUEST', { message: `Expected a form, got one that is malformed: ${why}.`, advice: 'Send `multipart/form-data` as a browser or curl does, with its border and its end.', cause });
}

function fieldValue(fields: OperationFields, { fieldname, value, valueTruncated, fieldnameTruncated }: MultipartValue): unknown {
  if (fieldnameTruncated) throw wrongFields(fields.operation, [fieldname], `a name of at most ${limits.fieldNameSize} bytes`, 'Correct the names of the fields.');
  if (valueTruncated) throw wrongFields(fields.operation, [fieldname], `at most ${limits.fieldSize} bytes long, got more`, 'Fields are options; send content as a file.');
  requireKnownFields(fields, [fieldname]);
  return typeof value === 'string' && !isList(fieldname) ? typedField(fields.shape[fieldname], value) : value;
}

async function receivePart({ jobs, maxUploadBytes, uploadStallMs }: HttpContext, { raw }: FastifyRequest, fields: OperationFields, { fieldname, filename, file }: MultipartFile, signal: AbortSignal): Promise<ReceivedFile> {
  if (!fields.files.has(fieldname)) throw wrongFields(fields.operation, [fieldname], 'no file', `Files of it: ${[...fields.files].join(', ') || 'none'}.`);
  try {
    return await jobs.receive(file, { name: shownName(filename), maxBytes: maxUploadBytes, stallMs: uploadStallMs, signal });
  } catch (error) {
    const mistake = MediaJobError.from(error);
    if (mistake.code !== 'TRUNCATED' && mistake.code !== 'STALLED') throw mistake;
    throw new MediaJobError('BAD_REQUEST', { message: `Expected the whole of \`${fieldname}\`, got a form that ends early: ${raw.destroyed ? 'the connection was cut' : mistake.message}`, advice: 'Send the whole form again.', cause: mistake });
  }
}

/** The parser has taken folders away; on our disk it names nothing anyway. */
function shownName(filename: string | undefined): string {
  return (filename ?? '').replaceAll(/\p{Cc}/gu, '').slice(0, maxNameLength);
}
