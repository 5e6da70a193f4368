/** What one column of a waveform picture shows: lowest and highest sample and the root of the mean square; 1 is full scale. */
export interface Peak {
  readonly low: number;
  readonly high: number;
  readonly rms: number;
}

/** Buckets kept for each column at least; up to twice as many. More make the borders of columns more exact. */
const bucketsPerColumn = 8;

function bucketsOf(columns: number): number {
  return columns * bucketsPerColumn * 2;
}

/** What a collector has gathered. */
export interface PeakParts {
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly energy: Float64Array;
  readonly full: number;
  readonly inBucket: number;
}

/**
 * Gathers the peaks of samples that come piece by piece, without knowing how many will come: when its buckets are full,
 * neighbours are put together and each holds twice as much. Constant memory for any length.
 */
export class PeakCollector {
  readonly #columns: number;
  readonly #low: Float32Array;
  readonly #high: Float32Array;
  readonly #energy: Float64Array;
  #bucketSamples = 1;
  /** Full buckets, and samples in the one that is being filled. */
  #full = 0;
  #inBucket = 0;

  constructor(columns: number) {
    this.#columns = columns;
    const buckets = bucketsOf(columns);
    this.#low = new Float32Array(buckets);
    this.#high = new Float32Array(buckets);
    this.#energy = new Float64Array(buckets);
  }

  /** A collector for a part of `samples` samples in all, from sample `first` on. Its buckets are as large as those of one collector for all of them. */
  static forPart(columns: number, samples: number, first: number): PeakCollector {
    const collector = new PeakCollector(columns);
    while (Math.floor(samples / collector.#bucketSamples) >= bucketsOf(columns)) collector.#bucketSamples *= 2;
    collector.#full = Math.floor(first / collector.#bucketSamples);
    collector.#inBucket = first % collector.#bucketSamples;
    return collector;
  }

  /** The buckets, to be handed to another thread. */
  parts(): PeakParts {
    return { low: this.#low, high: this.#high, energy: this.#energy, full: this.#full, inBucket: this.#inBucket };
  }

  /** Adds what the collector of the next part has gathered. */
  addParts({ low, high, energy, full, inBucket }: PeakParts): void {
    for (let bucket = 0; bucket < this.#low.length; bucket += 1) {
      this.#low[bucket] = Math.min(this.#low[bucket] ?? 0, low[bucket] ?? 0);
      this.#high[bucket] = Math.max(this.#high[bucket] ?? 0, high[bucket] ?? 0);
      this.#energy[bucket] = (this.#energy[bucket] ?? 0) + (energy[bucket] ?? 0);
    }
    [this.#full, this.#inBucket] = [full, inBucket];
  }

  /** Adds the next samples; what is not a number counts as silence. */
  add(samples: Float32Array): void {
    let start = 0;
    while (start < samples.length) {
      const end = Math.min(samples.length, start + this.#bucketSamples - this.#inBucket);
      this.#fill(samples, start, end);
      start = end;
    }
  }

  /**
   * One peak for each column; silence where there are fewer samples than columns. Each covers at least `leastSamples`, its
   * neighbours' too where its own are fewer.
   */
  peaks(leastSamples = 1): readonly Peak[] {
    const buckets = this.#full + (this.#inBucket > 0 ? 1 : 0);
    const own = buckets / this.#columns;
    const beside = Math.max(0, Math.floor((leastSamples / this.#bucketSamples - own) / 2));
    return Array.from({ length: this.#columns }, (_, column) => {
      const first = Math.floor(column * own);
      const end = Math.max(first + 1, Math.floor((column + 1) * own));
      return this.#peakOf(Math.max(0, first - beside), Math.min(buckets, end + beside));
    });
  }

  #fill(samples: Float32Array, start: number, end: number): void {
    const bucket = this.#full;
    let low = this.#low[bucket] as number;
    let high = this.#high[bucket] as number;
    let energy = 0;
    for (let index = start; index < end; index += 1) {
      const value = samples[index] as number;
      if (value < low) low = value;
      if (value > high) high = value;
      energy += value * value;
    }
    this.#low[bucket] = low;
    this.#high[bucket] = high;
    this.#energy[bucket] = (this.#energy[bucket] as number) + (Number.isFinite(energy) ? energy : 0);
    this.#inBucket += end - start;
    if (this.#inBucket < this.#bucketSamples) return;
    this.#inBucket = 0;
    this.#full += 1;
    if (this.#full === this.#low.length) this.#halve();
  }

  #halve(): void {
    const half = this.#full / 2;
    for (let index = 0; index < half; index += 1) {
      const [left, right] = [2 * index, 2 * index + 1];
      this.#low[index] = Math.min(this.#low[left] as number, this.#low[right] as number);
      this.#high[index] = Math.max(this.#high[left] as number, this.#high[right] as number);
      this.#energy[index] = (this.#energy[left] as number) + (this.#energy[right] as number);
    }
    this.#low.fill(0, half);
    this.#high.fill(0, half);
    this.#energy.fill(0, half);
    this.#full = half;
    this.#bucketSamples *= 2;
  }

  #peakOf(first: number, end: number): Peak {
    let [low, high, energy, samples] = [0, 0, 0, 0];
    for (let bucket = first; bucket < end; bucket += 1) {
      low = Math.min(low, this.#low[bucket] as number);
      high = Math.max(high, this.#high[bucket] as number);
      energy += this.#energy[bucket] as number;
      samples += bucket < this.#full ? this.#bucketSamples : this.#inBucket;
    }
    return { low, high, rms: samples === 0 ? 0 : Math.sqrt(energy / samples) };
  }
}
