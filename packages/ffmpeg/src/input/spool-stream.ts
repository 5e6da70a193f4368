import type { Readable } from 'node:stream';
import { receiveStream } from '@media-jobs/cleanup';
import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from '../call-controls.ts';
import type { ResolvedFfmpegOptions } from '../options.ts';
import { reserveWhileWriting } from '../speech/plan-speech.ts';

/** What came out of a stream. */
export interface SpooledInput {
  readonly bytes: number;
  /** Lower-case hexadecimal sha256 of the content. */
  readonly sha256: string;
}

/** Writes a stream into the file at `path` within the limits of the tool. Throws as `receiveStream` of `@media-jobs/cleanup` does. */
export async function spoolStream(stream: Readable, path: string, { limits, disk, clock }: ResolvedFfmpegOptions, { signal, kill }: ProcessControls): Promise<SpooledInput> {
  const { maxInputBytes = Infinity, stallMs } = limits;
  const ends = [signal, kill].filter((control) => control !== undefined);
  try {
    return await receiveStream(stream, path, { maxBytes: maxInputBytes, limitName: 'limits.maxInputBytes', stallMs, reserveBytes: reserveWhileWriting(disk), clock, signal: AbortSignal.any(ends) });
  } catch (error) {
    throwIfAborted({ ...(signal && { signal }), ...(kill && { kill }) });
    throw error;
  }
}
