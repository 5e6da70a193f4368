import { framesPerSecond } from './frame-levels.ts';

/** Bounds of one chunk, in frames. */
export interface CutBounds {
  readonly leastFrames: number;
  readonly mostFrames: number;
}

/** Where a chunk ends, in frames from its start. */
export interface Cut {
  /** `silence`: nobody speaks for long after it. `pause`: between words. `hard`: there was no pause, and both sides hold the place. `end`: of the audio. */
  readonly kind: 'silence' | 'pause' | 'hard' | 'end';
  /** What lies before belongs to this chunk, the rest to the next. */
  readonly at: number;
}

/** What counts as quiet enough to cut in, and as silence that need not be heard at all; in dB of full scale. */
export interface Thresholds {
  readonly quiet: number;
  readonly silent: number;
}

/** Quiet kept on each side of speech: what Silero's and faster-whisper's detectors keep by default. */
export const padFrames = Math.round(0.4 * framesPerSecond);
/** The shortest pause to cut in; shorter ones are the stops inside words. */
const leastPauseFrames = Math.round(0.3 * framesPerSecond);
/** The engine hears windows of 30 s: a pause as long as that costs more to hear than a chunk of its own. */
const longPauseFrames = 30 * framesPerSecond;
/** How long both sides of a hard cut go on: longer than a word. */
export const overlapFrames = framesPerSecond;
/** What is looked for where there is no pause: a tenth of a second, about the closure of a consonant. */
const dipFrames = Math.round(0.1 * framesPerSecond);
/** Less sound than this in all is a click, and no word. */
const leastSoundFrames = 3;

/** Above the noise floor by this much something is said; below the loud parts by as much, something is not. */
const contrast = 6;
/** Below this (-60 dB at the peak, as a level) it is silence, whatever the floor. */
const lowestThreshold = -66;
/** Louder than this is never taken for silence: it may be a voice with noise as loud as itself. */
const loudestSilence = -40;
/** Noise that is faint and steady for as long as this holds no voice: a voice does not stay within `contrast` of its faintest parts. */
const leastSteadyFrames = 5 * framesPerSecond;

/**
 * The floor is what a tenth of the frames do not exceed: pauses are that frequent in most speech. Where they are not, what is
 * quiet must stand out from what is loud. Faint noise in which nothing stands out for longer than a click is silence throughout.
 */
export function thresholdsOf(levels: Float32Array): Thresholds {
  const sorted = levels.slice().sort();
  const floor = sorted[Math.floor(levels.length / 10)] ?? lowestThreshold;
  const loud = sorted[Math.floor((levels.length * 9) / 10)] ?? lowestThreshold;
  const loudest = sorted.at(-leastSoundFrames) ?? loud;
  const steady = levels.length >= leastSteadyFrames && loudest <= Math.min(floor + contrast, loudestSilence);
  const quiet = Math.max(lowestThreshold, steady ? floor + contrast : Math.min(floor + contrast, loud - contrast));
  return { quiet, silent: Math.min(quiet, loudestSilence) };
}

/** The first frame that is louder than silence; -1 where there is none. */
export function firstSound(levels: Float32Array, { silent }: Thresholds): number {
  return levels.findIndex((level) => level > silent);
}

/** The last frame that is louder than silence; -1 where there is none. */
export function lastSound(levels: Float32Array, { silent }: Thresholds): number {
  return levels.findLastIndex((level) => level > silent);
}

/** Whether these frames hold enough sound for a word. */
export function holdsSound(levels: Float32Array, { silent }: Thresholds): boolean {
  return levels.reduce((count, level) => count + (level > silent ? 1 : 0), 0) >= leastSoundFrames;
}

/**
 * Where a chunk ends that begins with these levels: at the first long silence, else at the end of the audio, else in the
 * middle of the longest pause within the bounds, else at the quietest place there. `levels` are of the whole chunk at most,
 * and of less only where the audio ends.
 */
export function findCut(levels: Float32Array, { leastFrames, mostFrames }: CutBounds, thresholds: Thresholds): Cut {
  const silence = quietRuns(levels, thresholds.silent).find(({ end, start }) => start > 0 && end - start >= longPauseFrames);
  if (silence !== undefined) return { kind: 'silence', at: silence.start + padFrames };
  if (levels.length < mostFrames) return { kind: 'end', at: levels.length };
  return pauseCut(levels, leastFrames, thresholds) ?? hardCut(levels, leastFrames);
}

function pauseCut(levels: Float32Array, leastFrames: number, { quiet }: Thresholds): Cut | undefined {
  const inReach = quietRuns(levels, quiet).map((run) => ({ ...run, reach: run.end - Math.max(run.start, leastFrames) })).filter(({ reach }) => reach >= leastPauseFrames);
  // Of two pauses of the same length the later one makes the longer chunk.
  const longest = inReach.reduce<(typeof inReach)[number] | undefined>((best, run) => (best === undefined || run.reach >= best.reach ? run : best), undefined);
  if (longest === undefined) return undefined;
  return { kind: 'pause', at: Math.floor((Math.max(longest.start, leastFrames) + longest.end) / 2) };
}

function hardCut(levels: Float32Array, leastFrames: number): Cut {
  let quietest = { at: leastFrames, power: Number.POSITIVE_INFINITY };
  for (let start = leastFrames; start + dipFrames + overlapFrames <= levels.length; start += 1) {
    const power = levels.subarray(start, start + dipFrames).reduce((sum, level) => sum + 10 ** (level / 10), 0);
    if (power <= quietest.power) quietest = { at: start + Math.floor(dipFrames / 2), power };
  }
  return { kind: 'hard', at: quietest.at };
}

interface Run {
  readonly start: number;
  readonly end: number;
}

function quietRuns(levels: Float32Array, threshold: number): Run[] {
  const runs: Run[] = [];
  let start = -1;
  for (let frame = 0; frame <= levels.length; frame += 1) {
    const quiet = frame < levels.length && (levels[frame] ?? 0) <= threshold;
    if (quiet && start < 0) start = frame;
    if (!quiet && start >= 0) {
      runs.push({ start, end: frame });
      start = -1;
    }
  }
  return runs;
}
