import type { Segment } from '@media-jobs/core';
import { sampleRate } from '../wav/wav-format.ts';
import { joinAtCut, type Joined } from './join-segments.ts';
import { overlapSeconds, type Chunk } from './plan-chunks.ts';

/** What both chunks of a hard cut may have heard lies within this of it. */
const reachSeconds = 2 * overlapSeconds;

interface Heard {
  readonly chunk: Chunk;
  segments: Segment[];
  finished: boolean;
  /** Takes out what the chunk before has heard as well; set once that is known. */
  trim: (segments: readonly Segment[]) => readonly Segment[];
}

/**
 * Passes segments of many chunks on in the order of the audio, each once. What a later chunk has heard waits for those
 * before it. What stands around a hard cut waits until both sides are there, since its words are told apart only then.
 */
export class SegmentRelay {
  readonly #emit: (segment: Segment) => void;
  readonly #heard = new Map<number, Heard>();
  #current = 0;
  /** Segments of the current chunk that were passed on. */
  #sent = 0;
  /** The end of the chunk before a hard cut. */
  #held: Pick<Heard, 'chunk' | 'segments'> | undefined;

  constructor(emit: (segment: Segment) => void) {
    this.#emit = emit;
  }

  /** A segment that is found while its chunk is heard, in order within the chunk. */
  partial(chunk: Chunk, segment: Segment): void {
    const { segments } = this.#entryOf(chunk);
    // An engine that starts the chunk over tells the same again.
    if (segment.end <= (segments.at(-1)?.end ?? -1)) return;
    segments.push(segment);
    this.#advance();
  }

  /** All segments of a chunk. Those that were passed on before are not repeated. */
  finish(chunk: Chunk, segments: readonly Segment[]): void {
    const entry = this.#entryOf(chunk);
    entry.segments = [...entry.trim(segments)];
    entry.finished = true;
    this.#advance();
  }

  /** No chunk comes after those that are finished. */
  end(): void {
    this.#release(this.#held?.segments ?? []);
  }

  #entryOf(chunk: Chunk): Heard {
    const entry = this.#heard.get(chunk.index) ?? { chunk, segments: [], finished: false, trim: (segments) => segments };
    this.#heard.set(chunk.index, entry);
    return entry;
  }

  #advance(): void {
    for (let entry = this.#heard.get(this.#current); entry !== undefined && this.#closeSeam(entry); entry = this.#heard.get(this.#current)) {
      this.#sendFree(entry);
      if (!entry.finished) return;
      this.#heard.delete(this.#current);
      this.#current += 1;
      this.#sent = 0;
    }
  }

  /** Tells the words at the chunk's start from those of the chunk before. False when that cannot be done yet. */
  #closeSeam(entry: Heard): boolean {
    const { hardStart } = entry.chunk;
    const before = this.#held;
    if (before === undefined) return true;
    if (hardStart === null || before.chunk.hardEnd !== hardStart) {
      this.#release(before.segments);
      return true;
    }
    const cut = hardStart / sampleRate;
    if (!entry.finished && !entry.segments.some(({ start }) => start >= cut + reachSeconds)) return false;
    const join = (after: readonly Segment[]): Joined => joinAtCut(before.segments, after, { cut, overlap: overlapSeconds });
    entry.trim = (after) => join(after).after;
    const joined = join(entry.segments);
    entry.segments = [...joined.after];
    this.#release(joined.before);
    return true;
  }

  #release(segments: readonly Segment[]): void {
    this.#held = undefined;
    segments.forEach(this.#emit);
  }

  #sendFree({ chunk, segments, finished }: Heard): void {
    const border = chunk.hardEnd === null ? Number.POSITIVE_INFINITY : chunk.hardEnd / sampleRate - reachSeconds;
    for (let segment = segments[this.#sent]; segment !== undefined && segment.end <= border; segment = segments[this.#sent]) {
      this.#sent += 1;
      this.#emit(segment);
    }
    if (finished && this.#sent < segments.length) this.#held = { chunk, segments: segments.slice(this.#sent) };
  }
}
