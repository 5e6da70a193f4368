/** Loudness in LUFS of a mean square of K-weighted samples (ITU-R BS.1770, one channel). */
export function loudnessOf(meanSquare: number): number {
  return -0.691 + 10 * Math.log10(meanSquare);
}

/** Blocks below this are silence: the absolute gate of ITU-R BS.1770. */
export const absoluteGateLufs = -70;
/** How far below the mean the relative gate of ITU-R BS.1770 lies. */
const relativeGateLu = 10;

const binsPerLu = 100;
/** Up to here: float samples may lie far above full scale. */
const highestLufs = 80;
const binCount = (highestLufs - absoluteGateLufs) * binsPerLu;

/** The bins of a histogram: blocks, and the sum of their mean squares. */
export interface HistogramParts {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
}

/**
 * The loudness of all blocks so far, in bins of 0.01 LU: constant memory for any length. Two of them can be added, so
 * that parts of a programme may be measured apart.
 */
export class LoudnessHistogram {
  readonly #counts = new Float64Array(binCount);
  readonly #sums = new Float64Array(binCount);

  /** Adds one block of 400 ms by its mean square. */
  addBlock(meanSquare: number): void {
    const lufs = loudnessOf(meanSquare);
    if (!(lufs > absoluteGateLufs)) return;
    const bin = Math.min(binCount - 1, Math.floor((lufs - absoluteGateLufs) * binsPerLu));
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    this.#sums[bin] = (this.#sums[bin] ?? 0) + meanSquare;
  }

  /** All bins, in memory of their own, to be handed to another thread. */
  parts(): HistogramParts {
    return { counts: this.#counts.slice(), sums: this.#sums.slice() };
  }

  /** Adds the blocks of another part of the programme. */
  addParts({ counts, sums }: HistogramParts): void {
    for (let bin = 0; bin < binCount; bin += 1) {
      this.#counts[bin] = (this.#counts[bin] ?? 0) + (counts[bin] ?? 0);
      this.#sums[bin] = (this.#sums[bin] ?? 0) + (sums[bin] ?? 0);
    }
  }

  /** Integrated loudness in LUFS after both gates; `-Infinity` when no block is above the absolute gate. */
  integrated(): number {
    const all = this.#meanFrom(0);
    if (all === 0) return Number.NEGATIVE_INFINITY;
    const gate = loudnessOf(all) - relativeGateLu - absoluteGateLufs;
    return loudnessOf(this.#meanFrom(Math.max(0, Math.ceil(gate * binsPerLu))));
  }

  #meanFrom(firstBin: number): number {
    let count = 0;
    let sum = 0;
    for (let bin = firstBin; bin < binCount; bin += 1) {
      count += this.#counts[bin] ?? 0;
      sum += this.#sums[bin] ?? 0;
    }
    return count === 0 ? 0 : sum / count;
  }
}
