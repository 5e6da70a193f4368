import { PowerSpectrum } from './fft.ts';

/** 32 ms at 16 kHz: harmonics of a voice are apart, and so are its syllables. Half of it is the step to the next spectrum. */
const spectrumSamples = 512;
const stepSamples = spectrumSamples / 2;
/** Slots kept for each column at least; up to twice as many. */
const slotsPerColumn = 2;

/**
 * Gathers spectra of samples that come piece by piece, without knowing how many will come: when its slots are full,
 * neighbours are put together and each stands for twice as long. Constant memory for any length.
 */
export class SpectrumCollector {
  readonly bins: number;
  readonly #columns: number;
  readonly #spectrum = new PowerSpectrum(spectrumSamples);
  readonly #slots: Float32Array[];
  /** The last samples before those that come next; at first half a window of silence, so that the first sample stands in the middle of one. */
  #rest: Float32Array = new Float32Array(stepSamples);
  #spectraPerSlot = 1;
  /** Full slots, and spectra in the one that is being filled. */
  #full = 0;
  #inSlot = 0;

  constructor(columns: number) {
    this.bins = this.#spectrum.bins;
    this.#columns = columns;
    this.#slots = Array.from({ length: columns * slotsPerColumn * 2 }, () => new Float32Array(this.bins));
  }

  /** Adds the next samples; 1 is full scale. */
  add(samples: Float32Array): void {
    const line = new Float32Array(this.#rest.length + samples.length);
    line.set(this.#rest);
    line.set(samples, this.#rest.length);
    let start = 0;
    for (; start + spectrumSamples <= line.length; start += stepSamples) this.#addSpectrum(line, start);
    this.#rest = line.slice(start);
  }

  /** For each column the mean power of each frequency, lowest first; where there are fewer spectra than columns, neighbours show the same. */
  columns(): readonly Float32Array[] {
    const slots = this.#full + (this.#inSlot > 0 ? 1 : 0);
    return Array.from({ length: this.#columns }, (_, column) => {
      const first = Math.floor((column * slots) / this.#columns);
      const end = Math.max(first + 1, Math.floor(((column + 1) * slots) / this.#columns));
      return this.#mean(first, Math.min(slots, end));
    });
  }

  #addSpectrum(line: Float32Array, start: number): void {
    const slot = this.#slots[this.#full];
    if (slot === undefined) throw new RangeError('Expected a free slot for a spectrum, got none.');
    this.#spectrum.addTo(slot, line, start);
    this.#inSlot += 1;
    if (this.#inSlot < this.#spectraPerSlot) return;
    this.#inSlot = 0;
    this.#full += 1;
    if (this.#full === this.#slots.length) this.#halve();
  }

  #halve(): void {
    const half = this.#full / 2;
    for (let index = 0; index < half; index += 1) {
      const [left, right] = [this.#slots[2 * index], this.#slots[2 * index + 1]];
      const into = this.#slots[index];
      if (left === undefined || right === undefined || into === undefined) continue;
      for (let bin = 0; bin < this.bins; bin += 1) into[bin] = (left[bin] ?? 0) + (right[bin] ?? 0);
    }
    for (const slot of this.#slots.slice(half)) slot.fill(0);
    this.#full = half;
    this.#spectraPerSlot *= 2;
  }

  #mean(first: number, end: number): Float32Array {
    const mean = new Float32Array(this.bins);
    let spectra = 0;
    for (let index = first; index < end; index += 1) {
      const slot = this.#slots[index];
      for (let bin = 0; bin < this.bins; bin += 1) mean[bin] = (mean[bin] ?? 0) + (slot?.[bin] ?? 0);
      spectra += index < this.#full ? this.#spectraPerSlot : this.#inSlot;
    }
    return spectra === 0 ? mean : mean.map((power) => power / spectra);
  }
}
