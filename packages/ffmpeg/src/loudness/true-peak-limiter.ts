import { SlidingMinimum } from './sliding-minimum.ts';
import { halfTaps, TruePeakFilter } from './true-peak-filter.ts';

/** How long before a peak the gain starts to fall: short enough not to be heard as a fade, long enough not to click. */
const attackSeconds = 0.005;
/** In this time the gain comes back by 63 %. */
const releaseSeconds = 0.08;
/** What the points between samples may be higher than measured, in dB: 0.17 for eight points a sample, and rounding. */
export const truePeakMarginDb = 0.2;
/** A gain from which to 1 is a step that nobody hears. */
const nearlyOne = 0.9999;
/** Samples that are looked at together: where nothing happens they cost next to nothing. */
const stretchLength = 256;

/**
 * A look-ahead limiter: no point of what it gives, between samples too, is above `limitDb` (dBTP). It gives samples later
 * than it takes them, and all of them after `finish`: as many as it took, in the same places.
 */
export class TruePeakLimiter {
  readonly #limit: number;
  readonly #filter = new TruePeakFilter();
  readonly #attack: number;
  readonly #release: number;
  #lowest: SlidingMinimum;
  /** The last gains, in a ring, and their sum: their mean is the gain in force. */
  readonly #ring: Float64Array;
  #ringSum: number;
  #ringAt = 0;
  #gain = 1;
  /** Samples since the last that was too high. */
  #restFor = Number.POSITIVE_INFINITY;
  /** Samples taken of which the gain is not yet known, after the samples that the filter needs before them. */
  #pending: Float32Array = new Float32Array(halfTaps);
  /** Samples of which the gain is known to fall or not, waiting for the look-ahead. */
  #delayed: Float32Array;
  #toSkip: number;
  /** Memory that each call uses again. */
  #all: Float32Array = new Float32Array(0);
  #heightRoom: Float32Array = new Float32Array(0);
  #line: Float32Array = new Float32Array(0);
  /** The height from the sample before to the first pending one. */
  #lastHeight = 0;

  constructor(options: { readonly sampleRate: number; readonly limitDb: number }) {
    this.#limit = 10 ** ((options.limitDb - truePeakMarginDb) / 20);
    this.#attack = Math.max(1, Math.round(attackSeconds * options.sampleRate));
    this.#release = 1 - Math.exp(-1 / (releaseSeconds * options.sampleRate));
    this.#lowest = new SlidingMinimum(this.#attack + 1);
    this.#ring = new Float64Array(this.#attack + 1).fill(1);
    this.#ringSum = this.#ring.length;
    this.#delayed = new Float32Array(this.#attack);
    this.#toSkip = this.#attack;
  }

  /** Takes samples, gives those that are ready, in memory that the next call uses again. */
  add(samples: Float32Array): Float32Array {
    const length = this.#pending.length + samples.length;
    this.#all = roomFor(this.#all, length);
    const all = this.#all.subarray(0, length);
    all.set(this.#pending);
    all.set(samples, this.#pending.length);
    const ready = Math.max(0, length - 2 * halfTaps);
    const heights = this.#heights(all, ready);
    this.#pending = all.slice(ready);
    return this.#apply(all.subarray(halfTaps, halfTaps + ready), heights);
  }

  /** Gives the rest. */
  finish(): Float32Array {
    const rest = this.add(new Float32Array(halfTaps)).slice();
    const last = this.#apply(new Float32Array(this.#attack), new Float32Array(this.#attack));
    const both = new Float32Array(rest.length + last.length);
    both.set(rest);
    both.set(last, rest.length);
    return both;
  }

  /** For each ready sample the largest point from the sample before it to the sample after it; 0 where none can be too high. */
  #heights(all: Float32Array, ready: number): Float32Array {
    this.#heightRoom = roomFor(this.#heightRoom, ready);
    const heights = this.#heightRoom.subarray(0, ready).fill(0);
    let beforeNext = this.#lastHeight;
    this.#lastHeight = 0;
    this.#filter.scan(all, halfTaps, halfTaps + ready, () => this.#limit, (index, height) => {
      const at = index - halfTaps;
      if (height > (heights[at] as number)) heights[at] = height;
      if (at + 1 < ready) heights[at + 1] = height;
      else this.#lastHeight = height;
    });
    if (ready === 0) this.#lastHeight = beforeNext;
    else if (beforeNext > (heights[0] as number)) heights[0] = beforeNext;
    return heights;
  }

  /** Gives the delayed samples and then the fresh ones, but for the last `attack`, at their gains. */
  #apply(fresh: Float32Array, heights: Float32Array): Float32Array {
    this.#line = roomFor(this.#line, this.#attack + fresh.length);
    const line = this.#line;
    line.set(this.#delayed);
    line.set(fresh, this.#attack);
    for (let start = 0; start < fresh.length; start += stretchLength) {
      const end = Math.min(fresh.length, start + stretchLength);
      if (!this.#isAtRest(heights, start, end)) this.#hold(line, heights, start, end);
    }
    this.#delayed = line.slice(fresh.length, fresh.length + this.#attack);
    const skipped = Math.min(this.#toSkip, fresh.length);
    this.#toSkip -= skipped;
    return line.subarray(skipped, fresh.length);
  }

  /** Whether nothing is too high here, and the gain has come back from all before: then the samples pass as they are. */
  #isAtRest(heights: Float32Array, start: number, end: number): boolean {
    for (let index = start; index < end; index += 1) {
      if ((heights[index] as number) > this.#limit) {
        this.#restFor = 0;
        return false;
      }
    }
    // Two windows after the last: the lowest of one window, and the mean of another.
    if (this.#restFor < 2 * this.#ring.length || this.#gain < nearlyOne) {
      this.#restFor += end - start;
      return false;
    }
    if (this.#gain < 1) {
      this.#gain = 1;
      this.#ring.fill(1);
      this.#ringSum = this.#ring.length;
      this.#lowest = new SlidingMinimum(this.#ring.length);
    }
    return true;
  }

  #hold(line: Float32Array, heights: Float32Array, start: number, end: number): void {
    const ring = this.#ring;
    const size = ring.length;
    let [gain, sum, at] = [this.#gain, this.#ringSum, this.#ringAt];
    for (let index = start; index < end; index += 1) {
      const height = heights[index] as number;
      const wanted = this.#lowest.push(height > this.#limit ? this.#limit / height : 1);
      gain = wanted < gain ? wanted : gain + (wanted - gain) * this.#release;
      sum += gain - (ring[at] as number);
      ring[at] = gain;
      at = at + 1 === size ? 0 : at + 1;
      line[index] = ((line[index] as number) * sum) / size;
    }
    [this.#gain, this.#ringSum, this.#ringAt] = [gain, sum, at];
  }
}

/** The same memory, or more of it. */
function roomFor(room: Float32Array, length: number): Float32Array {
  return room.length >= length ? room : new Float32Array(length);
}
