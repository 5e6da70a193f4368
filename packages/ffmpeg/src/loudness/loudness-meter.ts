import { kWeighting, type KWeighting } from './k-weighting.ts';
import { LoudnessHistogram, type HistogramParts } from './loudness-histogram.ts';

/** Samples of blocks that have begun before a cut and end behind it: so much before its own part the meter of the later part starts. */
export function blockOverlap(sampleRate: number): number {
  return (stepsPerBlock - 1) * stepSamples(sampleRate);
}

/** Parts of a programme that are measured apart start at a whole number of these samples. */
export function stepSamples(sampleRate: number): number {
  return Math.round(sampleRate / stepsPerSecond);
}

/** Parts of a second after which a new 400 ms block starts. */
const stepsPerSecond = 10;
/** A block is this many steps long: 400 ms, 75 % overlap (ITU-R BS.1770). */
const stepsPerBlock = 4;

/** Integrated loudness of one channel (EBU R128), fed piece by piece in constant memory. */
export class LoudnessMeter {
  readonly #filter: KWeighting;
  readonly #stepSamples: number;
  readonly #histogram = new LoudnessHistogram();
  /** Energies of the last steps, oldest first. */
  readonly #steps: number[] = [];
  /** The memories of the two filters. */
  #shelf1 = 0;
  #shelf2 = 0;
  #high1 = 0;
  #high2 = 0;
  #energy = 0;
  #inStep = 0;

  constructor(sampleRate: number) {
    this.#filter = kWeighting(sampleRate);
    this.#stepSamples = stepSamples(sampleRate);
  }

  /** Brings the filters into the state that they have behind these samples, and counts none of them. Only before the first `add`. */
  warmUp(samples: Float32Array): void {
    this.#weigh(samples, 0, samples.length);
  }

  /** Measures the next samples; 1 is full scale. */
  add(samples: Float32Array): void {
    let start = 0;
    while (start < samples.length) {
      const end = Math.min(samples.length, start + this.#stepSamples - this.#inStep);
      this.#energy += this.#weigh(samples, start, end);
      this.#inStep += end - start;
      if (this.#inStep === this.#stepSamples) this.#endStep();
      start = end;
    }
  }

  /** LUFS of all whole blocks so far; `-Infinity` for silence and for less than 400 ms. */
  integrated(): number {
    return this.#histogram.integrated();
  }

  /** The blocks so far, to be added to those of other parts. */
  parts(): HistogramParts {
    return this.#histogram.parts();
  }

  /** The sum of squares of the weighted samples. Local variables, because this loop is most of what measuring costs. */
  #weigh(samples: Float32Array, start: number, end: number): number {
    const { shelf, highpass } = this.#filter;
    const { b0, b1, b2, a1, a2 } = shelf;
    const { a1: c1, a2: c2 } = highpass;
    let [s1, s2, h1, h2] = [this.#shelf1, this.#shelf2, this.#high1, this.#high2];
    let energy = 0;
    for (let index = start; index < end; index += 1) {
      const x = samples[index] as number;
      const y = b0 * x + s1;
      s1 = b1 * x - a1 * y + s2;
      s2 = b2 * x - a2 * y;
      const z = y + h1;
      h1 = -2 * y - c1 * z + h2;
      h2 = y - c2 * z;
      energy += z * z;
    }
    [this.#shelf1, this.#shelf2, this.#high1, this.#high2] = [s1, s2, h1, h2];
    return energy;
  }

  #endStep(): void {
    this.#steps.push(this.#energy);
    this.#energy = 0;
    this.#inStep = 0;
    if (this.#steps.length < stepsPerBlock) return;
    this.#histogram.addBlock(this.#steps.reduce((sum, step) => sum + step, 0) / (stepsPerBlock * this.#stepSamples));
    this.#steps.shift();
  }
}
