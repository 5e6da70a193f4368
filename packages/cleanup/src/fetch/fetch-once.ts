import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { requireDiskSpace } from '../disk-space.ts';
import { answerFacts, sizeOfUnsatisfied, type AnswerFacts } from './answer-facts.ts';
import { fetchError } from './fetch-errors.ts';
import type { ResolvedFetchOptions } from './fetch-options.ts';
import { openSource } from './open-source.ts';
import type { PartFile, PartState } from './part-file.ts';
import { receiveBody, StallWatch } from './receive-body.ts';

/** One URL, and what was found out about it. */
export interface Source {
  readonly url: URL;
  /** It answered a wish for the rest of the file with something else: only the whole is asked of it from now on. */
  liesAboutRanges: boolean;
}

/** One request, with what is on disk as its start. The part file holds the whole file when this resolves, not yet compared with what is expected. */
export async function fetchOnce(source: Source, part: PartFile, options: ResolvedFetchOptions, signal: AbortSignal): Promise<void> {
  const { url } = source;
  const state = stateOf(url, null, null);
  const isSame = part.state?.source === state.source;
  if (part.size > 0 && !canGoOn(source, part, options, isSame)) await part.restart(state);
  if (part.size > 0 && part.size === options.expected.bytes) return markPatched(part);
  using watch = new StallWatch(url, signal, options);
  const validator = isSame ? (part.state?.validator ?? null) : null;
  const response = await openSource({ url, start: part.size, validator, signal: watch.signal }, options);
  watch.alive();
  const totalBytes = await placeAnswer(source, part, response, options);
  if (totalBytes === 'whole') return;
  await receiveBody({ url, body: response.body, part, watch, totalBytes }, options);
  if (totalBytes !== null && part.size < totalBytes) throw fetchError('DOWNLOAD_UNAVAILABLE', url, `${totalBytes} bytes`, `an end after ${part.size}`, { facts: { bytes: part.size, expectedBytes: totalBytes } });
}

/** What another try, or another mirror, has left is gone on with only where it can be shown to belong to the same file. */
function canGoOn({ liesAboutRanges }: Source, part: PartFile, { expected }: ResolvedFetchOptions, isSame: boolean): boolean {
  if (liesAboutRanges || (expected.bytes !== undefined && part.size > expected.bytes)) return false;
  const isProvenLater = expected.sha256 !== undefined || expected.sha1 !== undefined;
  return isProvenLater || (isSame && part.state?.validator !== null);
}

function stateOf(url: URL, validator: string | null, totalBytes: number | null): PartState {
  return { source: createHash('sha256').update(url.href).digest('hex'), validator, totalBytes };
}

function markPatched(part: PartFile): void {
  part.isPatched = true;
}

/** Brings the part file to where the body of the answer begins. Resolves with the size of the whole file, or `whole` when nothing is missing. */
async function placeAnswer(source: Source, part: PartFile, response: Response, options: ResolvedFetchOptions): Promise<number | null | 'whole'> {
  const { url } = source;
  if (response.status === 416) return await placeUnsatisfied(source, part, response);
  const facts = answerFacts(response.status, response.headers);
  if (response.status === 206 && !fitsPart(part, facts, options)) return await refuseRange(source, response);
  const totalBytes = facts?.totalBytes ?? null;
  try {
    await checkSize(url, part, totalBytes, facts?.start ?? 0, options);
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
  if (response.status === 206) markPatched(part);
  else await part.restart(stateOf(url, facts?.validator ?? null, totalBytes));
  return totalBytes ?? options.expected.bytes ?? null;
}

/** A server may send another range than it was asked for, or one of a file that has changed since. */
function fitsPart(part: PartFile, facts: AnswerFacts | null, { expected }: ResolvedFetchOptions): boolean {
  if (facts === null || facts.start !== part.size || facts.start === 0) return false;
  if (facts.totalBytes !== null && facts.totalBytes !== (expected.bytes ?? part.state?.totalBytes ?? facts.totalBytes)) return false;
  const known = part.state?.validator ?? null;
  return known === null || facts.validator === null || facts.validator === known || expected.sha256 !== undefined || expected.sha1 !== undefined;
}

async function refuseRange(source: Source, response: Response): Promise<never> {
  source.liesAboutRanges = true;
  await response.body?.cancel();
  const range = response.headers.get('content-range') ?? 'no Content-Range';
  throw fetchError('DOWNLOAD_UNAVAILABLE', source.url, 'the rest of the same file', `status ${response.status} with ${JSON.stringify(range)}`);
}

/** Nothing lies behind what is there: either it is the whole, or the file has become shorter. */
async function placeUnsatisfied(source: Source, part: PartFile, response: Response): Promise<'whole'> {
  if (part.size === 0 || sizeOfUnsatisfied(response.headers) !== part.size) return await refuseRange(source, response);
  await response.body?.cancel();
  markPatched(part);
  return 'whole';
}

async function checkSize(url: URL, part: PartFile, totalBytes: number | null, start: number, { expected, maxBytes, reserveBytes }: ResolvedFetchOptions): Promise<void> {
  const total = totalBytes ?? expected.bytes ?? null;
  if (expected.bytes !== undefined && total !== expected.bytes) throw fetchError('DOWNLOAD_MISMATCH', url, `${expected.bytes} bytes`, `${total}`, { facts: { expectedBytes: expected.bytes, bytes: total } });
  if (total === null) return;
  if (total > maxBytes) throw fetchError('INPUT_TOO_LARGE', url, `at most ${maxBytes} bytes`, `${total}`, { facts: { maxBytes, bytes: total } });
  // What the part file holds is taken already, but an answer from the start throws it away first.
  await requireDiskSpace(dirname(part.path), { bytes: Math.max(0, total - Math.max(start, part.size)), reserveBytes });
}
