/** How many points are looked at between a sample and the next, the sample included. */
const oversampling = 8;
/** Samples on each side that a point between two samples is computed from. */
export const halfTaps = 12;
const taps = 2 * halfTaps;
const kaiserBeta = 7;
/** Samples that are skipped together when nothing around them is loud; at least `halfTaps`, so that neighbours cover what is around. */
const groupLength = 16;
/**
 * How much higher than the points so far the rest of a gap between two samples can be, after one and after three of its
 * seven points: 1 / cos(pi / 2n) for n points a sample (3 dB, then 0.7 dB), and some more because the bound is one of
 * whole signals.
 */
const [slackOfOne, slackOfThree] = [1.5, 1.15];

/** How much the nearest two samples, the next two, and all others can add to a point between samples, for every point. */
interface Reach {
  readonly near: number;
  readonly next: number;
  readonly far: number;
}

/**
 * Finds the peaks between samples, where the signal can be higher than any sample (ITU-R BS.1770, annex 2), with 8 points
 * a sample: at most 0.17 dB too low.
 */
export class TruePeakFilter {
  readonly #phases: readonly Float64Array[] = Array.from({ length: oversampling - 1 }, (_, index) => phaseWeights(index + 1));
  readonly #reach = reachOf(this.#phases);

  /**
   * Calls back with each sample of `samples` from `start` to `end` (exclusive) around which a peak above `floor()` is
   * possible, and the height of the largest point from it to the next sample. Needs `halfTaps` samples on both sides.
   */
  scan(samples: Float32Array, start: number, end: number, floor: () => number, found: (index: number, height: number) => void): void {
    const { near, next, far } = this.#reach;
    let before = largest(samples, start - halfTaps + 1, start);
    let within = largest(samples, start, Math.min(end, start + groupLength));
    for (let group = start; group < end; group += groupLength) {
      const groupEnd = Math.min(end, group + groupLength);
      const after = largest(samples, groupEnd, Math.min(samples.length, groupEnd + groupLength));
      const around = Math.max(before, within, after);
      if (around * (near + next + far) > floor()) {
        for (let index = group; index < groupEnd; index += 1) {
          const inner = Math.max(Math.abs(samples[index] as number), Math.abs(samples[index + 1] as number));
          const outer = Math.max(Math.abs(samples[index - 1] as number), Math.abs(samples[index + 2] as number));
          if (inner * near + outer * next + around * far > floor()) found(index, this.#heightAt(samples, index, Math.max(inner, outer), floor()));
        }
      }
      before = within;
      within = after;
    }
  }

  /** The height at and after `samples[index]`, and at the samples around it; it may be too low where it is below `floor`. */
  #heightAt(samples: Float32Array, index: number, sampleHeight: number, floor: number): number {
    const phases = this.#phases;
    const height = Math.max(sampleHeight, valueAt(samples, index, phases[3]));
    if (height * slackOfOne <= floor) return height;
    const higher = Math.max(height, valueAt(samples, index, phases[1]), valueAt(samples, index, phases[5]));
    if (higher * slackOfThree <= floor) return higher;
    return Math.max(higher, valueAt(samples, index, phases[0]), valueAt(samples, index, phases[2]), valueAt(samples, index, phases[4]), valueAt(samples, index, phases[6]));
  }
}

function reachOf(phases: readonly Float64Array[]): Reach {
  const sum = (weights: Float64Array, picked: (distance: number) => boolean): number =>
    weights.reduce((total, weight, tap) => total + (picked(tap < halfTaps ? halfTaps - 1 - tap : tap - halfTaps) ? Math.abs(weight) : 0), 0);
  const most = (picked: (distance: number) => boolean): number => Math.max(...phases.map((weights) => sum(weights, picked)));
  return { near: most((distance) => distance === 0), next: most((distance) => distance === 1), far: most((distance) => distance > 1) };
}

/** The size of the point that `weights` stand for, in the gap after `samples[index]`. */
function valueAt(samples: Float32Array, index: number, weights: Float64Array | undefined): number {
  if (weights === undefined) return 0;
  const first = index - halfTaps + 1;
  let sum = 0;
  for (let tap = 0; tap < taps; tap += 1) sum += (weights[tap] as number) * (samples[first + tap] as number);
  return Math.abs(sum);
}

function largest(samples: Float32Array, start: number, end: number): number {
  let size = 0;
  for (let index = start; index < end; index += 1) {
    const value = Math.abs(samples[index] as number);
    if (value > size) size = value;
  }
  return size;
}

/** The weights for the point `phase / oversampling` after sample 0; tap `t` belongs to sample `t - halfTaps + 1`. Their sum is 1. */
function phaseWeights(phase: number): Float64Array {
  const weights = Float64Array.from({ length: taps }, (_, tap) => windowedSinc(tap - halfTaps + 1 - phase / oversampling));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** A sinc under a Kaiser window, `distance` samples away from its middle. */
function windowedSinc(distance: number): number {
  const ratio = distance / halfTaps;
  if (Math.abs(ratio) >= 1) return 0;
  const window = bessel(kaiserBeta * Math.sqrt(1 - ratio * ratio)) / bessel(kaiserBeta);
  return window * (distance === 0 ? 1 : Math.sin(Math.PI * distance) / (Math.PI * distance));
}

/** Zeroth-order modified Bessel function of the first kind, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
