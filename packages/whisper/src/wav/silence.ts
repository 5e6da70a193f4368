import { abortErrorOf } from '../pool/abort.ts';
import type { OpenWav } from './open-wav.ts';

/**
 * Peaks up to this are silence: -60 dB of full scale, far below speech that was brought to a common loudness, and above
 * dither. Whisper models make up words when they are given nothing.
 */
export const silencePeak = 33;

/** Bytes that are looked at in one turn of the event loop. */
const blockBytes = 1024 * 1024;

function hasSound(block: Buffer): boolean {
  for (let offset = 0; offset + 1 < block.length; offset += 2) {
    const sample = block.readInt16LE(offset);
    if (sample > silencePeak || sample < -silencePeak) return true;
  }
  return false;
}

/** Whether no sample of the file is louder than `silencePeak`. Stops at the first that is; memory stays at one block. Throws `ABORTED`, or the signal's own reason. */
export async function isSilent({ handle, format }: OpenWav, signal?: AbortSignal): Promise<boolean> {
  const block = Buffer.allocUnsafe(Math.min(blockBytes, Math.max(2, format.dataBytes)));
  for (let done = 0; done < format.dataBytes;) {
    if (signal?.aborted === true) throw abortErrorOf(signal);
    const { bytesRead } = await handle.read(block, 0, Math.min(block.length, format.dataBytes - done), format.dataOffset + done);
    if (bytesRead === 0) return true;
    if (hasSound(block.subarray(0, bytesRead))) return false;
    // Whole samples only, so that a short read in the middle of one does not shift the rest.
    done += Math.max(1, bytesRead - (bytesRead % 2));
  }
  return true;
}
