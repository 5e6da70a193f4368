import { speechSampleRate } from '../../arguments.ts';
import { startFrames } from '../../decode.ts';
import type { OpenedMedia } from '../../media-context.ts';
import { invalidOption, requireWhole } from '../../option-checks.ts';

/** Whether one file is worked on by several processes: as many as pay, never, or so many. */
export type Parallel = 'auto' | false | number;

/** A part of the result that is decoded by a process of its own. All counts are samples at 16 kHz. */
export interface DecodeChunk {
  /** The first that it writes. */
  readonly from: number;
  /** Behind the last; undefined for the last chunk, which goes on to the end. */
  readonly to: number | undefined;
  /** How many before `from` are decoded too: the filters settle on them, and the last second shows whether the chunk fits the one before. */
  readonly lead: number;
  /** Where decoding starts, in seconds of the file; undefined for the first chunk. */
  readonly fromSeconds: number | undefined;
}

/** Containers in which any place can be found exactly. Matroska rounds its times, and the others must be read from the start or guess. */
const seekable: ReadonlySet<string> = new Set(['wav', 'w64', 'aiff', 'caf', 'flac', 'ogg', 'mp3', 'mov']);
/** In this time the state of all filters is that of a run from the start: the high-pass within one second, noise reduction within four. */
const warmUpSeconds = 4;
/** So much of a chunk is compared with what the chunk before has written there. */
export const compareFrames = speechSampleRate;
/** Chunks shorter than this cost more than they save. */
const worthwhileSeconds = 600;
const leastSeconds = 20;
const mostChunks = 32;

/** Checks the option. Throws `INVALID_OPTION`. */
export function requireParallel(parallel: unknown): void {
  if (parallel === 'auto' || parallel === false) return;
  if (typeof parallel !== 'number') throw invalidOption('parallel', '`auto`, false or a number', parallel);
  requireWhole('parallel', parallel, 1, mostChunks);
}

/** How many processes and threads share the work on `seconds` of audio. `places`: programs that may run at a time. */
export function chunkCount(parallel: Parallel, seconds: number, places: number): number {
  if (parallel === false) return 1;
  const [wanted, least] = parallel === 'auto' ? [Math.min(places, mostChunks), worthwhileSeconds] : [parallel, leastSeconds];
  return Math.max(1, Math.min(wanted, Math.floor(seconds / least)));
}

/** The chunks of a stream; undefined where it must be decoded in one go. */
export function planChunks({ info, stream }: Pick<OpenedMedia, 'info' | 'stream'>, count: number): readonly DecodeChunk[] | undefined {
  const { durationSeconds, durationConfidence } = stream;
  const container = info.format.split(',', 1)[0] ?? '';
  if (count < 2 || durationSeconds === undefined || durationConfidence !== 'exact' || !seekable.has(container)) return undefined;
  const start = startFrames(stream);
  // Whole seconds: there the resampler is where it was at the start, at any rate, and so are the blocks of the loudness.
  const length = Math.ceil(durationSeconds / count) * speechSampleRate;
  const chunks = Array.from({ length: count }, (_, index): DecodeChunk => {
    const from = index * length;
    const to = index === count - 1 ? undefined : from + length;
    if (index === 0) return { from, to, lead: 0, fromSeconds: undefined };
    const seconds = Math.floor((from - start) / speechSampleRate) - warmUpSeconds - compareFrames / speechSampleRate;
    return { from, to, lead: from - start - seconds * speechSampleRate, fromSeconds: stream.startSeconds + seconds };
  });
  return chunks.every(({ lead, from }) => lead === 0 || from - lead >= start) ? chunks : undefined;
}
