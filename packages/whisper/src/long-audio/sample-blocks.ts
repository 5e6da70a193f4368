import { MediaJobError } from '@media-jobs/foundation';
import { abortErrorOf } from '../pool/abort.ts';
import type { OpenWav } from '../wav/open-wav.ts';

const bytesPerSample = 2;
/** Bytes that are held at a time, whatever the length of the file. */
const blockBytes = 512 * 1024;

/** Samples of a WAV file, from the first to before the last. */
export interface SampleRange {
  readonly startSample: number;
  readonly endSample: number;
}

/**
 * Reads a range of samples block by block into one buffer, which each block overwrites. Blocks hold whole multiples of
 * `multiple` samples, but for the last. Throws `ABORTED`, or the signal's own reason, and `INPUT_CHANGED` when the file has
 * become shorter than it was.
 */
export async function* sampleBlocks({ handle, format }: OpenWav, { startSample, endSample }: SampleRange, { multiple = 1, signal }: { readonly multiple?: number; readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<Buffer, void, void> {
  const total = (endSample - startSample) * bytesPerSample;
  const unit = multiple * bytesPerSample;
  const block = Buffer.alloc(Math.min(Math.ceil(total / unit) * unit, Math.floor(blockBytes / unit) * unit));
  for (let done = 0; done < total;) {
    const wanted = Math.min(block.length, total - done);
    for (let filled = 0; filled < wanted;) {
      if (signal?.aborted === true) throw abortErrorOf(signal);
      const { bytesRead } = await handle.read(block, filled, wanted - filled, format.dataOffset + startSample * bytesPerSample + done + filled);
      if (bytesRead === 0) throw changed();
      filled += bytesRead;
    }
    yield block.subarray(0, wanted);
    done += wanted;
  }
}

function changed(): MediaJobError {
  return new MediaJobError('INPUT_CHANGED', { message: 'Expected the WAV file to keep its length while it is read, got an earlier end.', advice: 'Leave the file alone until the transcription has ended.' });
}
