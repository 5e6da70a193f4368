import { halfTaps, TruePeakFilter } from './true-peak-filter.ts';

/** Largest point of a signal, between its samples too, fed piece by piece in constant memory. */
export class TruePeakMeter {
  readonly #filter = new TruePeakFilter();
  /** The samples that the next ones need around them. Silence before the first. */
  #tail = new Float32Array(2 * halfTaps);
  #peak = 0;

  /** Measures the next samples; 1 is full scale. */
  add(samples: Float32Array): void {
    const all = new Float32Array(this.#tail.length + samples.length);
    all.set(this.#tail);
    all.set(samples, this.#tail.length);
    this.#filter.scan(all, halfTaps, all.length - halfTaps, () => this.#peak, (_, height) => {
      if (height > this.#peak) this.#peak = height;
    });
    this.#tail = all.slice(-2 * halfTaps);
  }

  /** Tells that no more comes, and gives the peak in dBTP; `-Infinity` for digital silence. */
  finish(): number {
    this.add(new Float32Array(2 * halfTaps));
    return 20 * Math.log10(this.#peak);
  }
}
