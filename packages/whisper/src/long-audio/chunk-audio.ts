import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { OpenWav } from '../wav/open-wav.ts';
import { wavHeader } from '../wav/wav-header.ts';
import type { Chunk } from './plan-chunks.ts';
import { sampleBlocks } from './sample-blocks.ts';

/** Samples that an engine is given for a chunk: its own, and the silence around them. */
export function chunkSamples({ startSample, endSample, leadSamples, tailSamples }: Chunk): number {
  return leadSamples + (endSample - startSample) + tailSamples;
}

/** The digest of what `writeChunk` writes. */
export async function hashChunk(wav: OpenWav, chunk: Chunk, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of chunkBytes(wav, chunk, signal)) hash.update(bytes);
  return hash.digest('hex');
}

/** Writes a chunk as a WAV file of its own; memory stays at one block. */
export async function writeChunk(wav: OpenWav, chunk: Chunk, file: string, signal?: AbortSignal): Promise<void> {
  await pipeline(chunkBytes(wav, chunk, signal), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
}

async function* chunkBytes(wav: OpenWav, chunk: Chunk, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void, void> {
  yield wavHeader(chunkSamples(chunk));
  yield Buffer.alloc(chunk.leadSamples * 2);
  // A stream may still hold a block when the next one is read.
  for await (const block of sampleBlocks(wav, chunk, { signal })) yield Buffer.from(block);
  yield Buffer.alloc(chunk.tailSamples * 2);
}
