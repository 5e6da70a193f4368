import { halfTaps, TruePeakFilter } from './true-peak-filter.ts';

/** Samples that the next ones need around them. */
const contextLength = 2 * halfTaps;

/** Largest point of a signal, between its samples too, fed piece by piece in constant memory. */
export class TruePeakMeter {
  readonly #filter = new TruePeakFilter();
  /** The context, silence at first, and room for the samples after it. */
  #line = new Float32Array(contextLength);
  #peak = 0;

  /** Takes these samples as what stands before the first `add`, and looks for no peak among them. */
  warmUp(samples: Float32Array): void {
    const last = samples.subarray(Math.max(0, samples.length - contextLength));
    this.#line.set(last, contextLength - last.length);
  }

  /** Measures the next samples; 1 is full scale. */
  add(samples: Float32Array): void {
    const length = contextLength + samples.length;
    if (this.#line.length < length) {
      const longer = new Float32Array(length);
      longer.set(this.#line.subarray(0, contextLength));
      this.#line = longer;
    }
    const line = this.#line.subarray(0, length);
    line.set(samples, contextLength);
    this.#filter.scan(line, halfTaps, length - halfTaps, () => this.#peak, (_, height) => {
      if (height > this.#peak) this.#peak = height;
    });
    line.copyWithin(0, samples.length);
  }

  /** The largest point so far; 1 is full scale. Those around the last samples are not known yet. */
  get highest(): number {
    return this.#peak;
  }

  /** Tells that no more comes, and gives the peak in dBTP; `-Infinity` for digital silence. */
  finish(): number {
    this.add(new Float32Array(contextLength));
    return 20 * Math.log10(this.#peak);
  }
}
