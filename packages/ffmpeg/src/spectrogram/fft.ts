/** The powers of the frequencies in real samples, by the fast Fourier transform (Cooley and Tukey, radix 2) under a Hann window. */
export class PowerSpectrum {
  /** Frequencies that it tells apart: from 0 to half the sample rate, both included. */
  readonly bins: number;
  readonly #length: number;
  readonly #window: Float64Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Uint32Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;

  /** `length`: samples that it looks at, a power of two. */
  constructor(length: number) {
    this.#length = length;
    this.bins = length / 2 + 1;
    this.#window = Float64Array.from({ length }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / length));
    this.#cos = Float64Array.from({ length: length / 2 }, (_, index) => Math.cos((2 * Math.PI * index) / length));
    this.#sin = Float64Array.from({ length: length / 2 }, (_, index) => -Math.sin((2 * Math.PI * index) / length));
    const bits = Math.log2(length);
    this.#reversed = Uint32Array.from({ length }, (_, index) => Number.parseInt(index.toString(2).padStart(bits, '0').split('').toReversed().join(''), 2));
    this.#real = new Float64Array(length);
    this.#imaginary = new Float64Array(length);
  }

  /** Adds the powers in `samples` from `start` on to `sums`. A sine of full scale adds 1 to its bin. */
  addTo(sums: Float32Array, samples: Float32Array, start: number): void {
    const [real, imaginary, length] = [this.#real, this.#imaginary, this.#length];
    for (let index = 0; index < length; index += 1) {
      real[this.#reversed[index] as number] = (samples[start + index] as number) * (this.#window[index] as number);
    }
    imaginary.fill(0);
    for (let half = 1; half < length; half *= 2) this.#combine(half);
    // The window halves the height of a sine, and a sine has half its height in each of two bins.
    const scale = (4 / length) ** 2;
    for (let bin = 0; bin < this.bins; bin += 1) sums[bin] = (sums[bin] as number) + ((real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2) * scale;
  }

  /** Puts spectra of `half` samples together, two by two. */
  #combine(half: number): void {
    const [real, imaginary, length] = [this.#real, this.#imaginary, this.#length];
    const stride = length / (2 * half);
    for (let group = 0; group < length; group += 2 * half) {
      for (let index = 0; index < half; index += 1) {
        const [even, odd] = [group + index, group + index + half];
        const [cos, sin] = [this.#cos[index * stride] as number, this.#sin[index * stride] as number];
        const turnedReal = (real[odd] as number) * cos - (imaginary[odd] as number) * sin;
        const turnedImaginary = (real[odd] as number) * sin + (imaginary[odd] as number) * cos;
        real[odd] = (real[even] as number) - turnedReal;
        imaginary[odd] = (imaginary[even] as number) - turnedImaginary;
        real[even] = (real[even] as number) + turnedReal;
        imaginary[even] = (imaginary[even] as number) + turnedImaginary;
      }
    }
  }
}
