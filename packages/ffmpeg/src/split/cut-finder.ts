/** Steps of 20 ms: shorter than the gap between two words. */
export const stepSamples = 320;
/** A cut is made in the middle of the softest 200 ms. */
const windowSteps = 10;

/** Finds cuts in the softest moments of samples that come piece by piece, so that parts have at least `least` and at most `most` samples. */
export class CutFinder {
  readonly #leastSteps: number;
  readonly #mostSteps: number;
  /** Energies of the steps since the last cut. */
  #steps: number[] = [];
  #energy = 0;
  #inStep = 0;
  #lastCut = 0;
  readonly #cuts: number[] = [];

  constructor(least: number, most: number) {
    this.#leastSteps = Math.floor(least / stepSamples);
    this.#mostSteps = Math.floor(most / stepSamples);
  }

  /** Looks at the next samples. */
  add(samples: Int16Array): void {
    for (const sample of samples) {
      this.#energy += sample * sample;
      this.#inStep += 1;
      if (this.#inStep === stepSamples) this.#endStep();
    }
  }

  /** Where the parts begin but for the first, in samples, as far as they are certain. */
  get cuts(): readonly number[] {
    return this.#cuts;
  }

  #endStep(): void {
    this.#steps.push(this.#energy);
    this.#energy = 0;
    this.#inStep = 0;
    if (this.#steps.length < this.#mostSteps) return;
    const cut = this.#softest();
    this.#lastCut += cut * stepSamples;
    this.#cuts.push(this.#lastCut);
    this.#steps = this.#steps.slice(cut);
  }

  /** The step in the middle of the softest window that leaves a part long enough; of equal ones the last. */
  #softest(): number {
    let best = { energy: Number.POSITIVE_INFINITY, step: this.#mostSteps };
    let energy = 0;
    for (let end = 0; end < this.#steps.length; end += 1) {
      energy += (this.#steps[end] ?? 0) - (this.#steps[end - windowSteps] ?? 0);
      const middle = end + 1 - windowSteps / 2;
      if (middle >= this.#leastSteps && end + 1 >= windowSteps && energy <= best.energy) best = { energy, step: middle };
    }
    return best.step;
  }
}
