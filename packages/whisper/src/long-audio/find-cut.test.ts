import { describe, expect, test } from 'vitest';
import { findCut, firstSound, holdsSound, lastSound, padFrames, thresholdsOf } from './find-cut.ts';

const bounds = { leastFrames: 500, mostFrames: 1000 };

/** Levels of 20 ms frames, in dB: stretches of speech and of pauses. */
function levels(...stretches: readonly (readonly [frames: number, level: number])[]): Float32Array {
  return Float32Array.from(stretches.flatMap(([frames, level]) => Array.from({ length: frames }, () => level)));
}

function cutOf(given: Float32Array, thresholds = { quiet: -60, silent: -60 }) {
  return findCut(given, bounds, thresholds);
}

describe('thresholds', () => {
  test('follow the noise: pauses are what is near its floor', () => {
    expect(thresholdsOf(levels([200, -55], [800, -20]))).toEqual({ quiet: -49, silent: -49 });
  });

  test('never take for silence what is loud, so that a voice in as loud a noise is heard', () => {
    expect(thresholdsOf(levels([200, -30], [800, -12]))).toEqual({ quiet: -24, silent: -40 });
  });

  test('take no sound for a pause where there are next to none, nor steady noise at all', () => {
    expect(thresholdsOf(levels([50, -96], [950, -16]))).toEqual({ quiet: -22, silent: -40 });
    expect(thresholdsOf(levels([1000, -30]))).toEqual({ quiet: -36, silent: -40 });
  });

  test('take faint and steady noise for silence throughout, clicks in it or not', () => {
    expect(thresholdsOf(levels([1000, -59]))).toEqual({ quiet: -53, silent: -53 });
    expect(thresholdsOf(levels([500, -59], [2, -10], [500, -58]))).toEqual({ quiet: -53, silent: -53 });
  });

  test('take no faint noise for silence in which a word stands out, be it one in ten minutes, nor a short or a louder one', () => {
    expect(thresholdsOf(levels([29_997, -59], [3, -52])).silent).toBe(-65);
    expect(thresholdsOf(levels([249, -59])).silent).toBe(-65);
    expect(thresholdsOf(levels([1000, -39])).silent).toBe(-45);
  });

  test('do not go below the noise of sixteen bits', () => {
    expect(thresholdsOf(levels([500, -96], [500, -20]))).toEqual({ quiet: -66, silent: -66 });
  });
});

describe('sound', () => {
  const thresholds = { quiet: -50, silent: -50 };

  test('is found where it begins, and is none where all is quiet', () => {
    expect(firstSound(levels([70, -60], [3, -20]), thresholds)).toBe(70);
    expect(lastSound(levels([70, -60], [3, -20], [4, -60]), thresholds)).toBe(72);
    expect(firstSound(levels([70, -60]), thresholds)).toBe(-1);
  });

  test('of two frames in all is a click, and no word', () => {
    expect(holdsSound(levels([70, -60], [2, -10], [70, -60]), thresholds)).toBe(false);
    expect(holdsSound(levels([70, -60], [2, -10], [70, -60], [1, -10]), thresholds)).toBe(true);
  });
});

describe('a chunk', () => {
  test('is cut in the middle of the longest pause within the bounds, not at the first or the last', () => {
    expect(cutOf(levels([400, -20], [60, -90], [140, -20], [20, -90], [130, -20], [30, -90], [120, -20], [18, -90], [82, -20]))).toEqual({ kind: 'pause', at: 765 });
  });

  test('of two pauses of the same length takes the later', () => {
    expect(cutOf(levels([600, -20], [20, -90], [100, -20], [20, -90], [260, -20]))).toEqual({ kind: 'pause', at: 730 });
  });

  test('counts of a pause only what lies within the bounds', () => {
    expect(cutOf(levels([300, -20], [203, -90], [97, -20], [20, -90], [380, -20]))).toEqual({ kind: 'pause', at: 610 });
  });

  test('is not cut in a gap shorter than the stops inside words', () => {
    expect(cutOf(levels([600, -20], [14, -90], [386, -20]))).toMatchObject({ kind: 'hard' });
  });

  test('ends at the first silence of half a minute, wherever that is', () => {
    expect(cutOf(levels([100, -20], [1500, -90], [10, -20]))).toEqual({ kind: 'silence', at: 100 + padFrames });
  });

  test('without any pause is cut at the quietest tenth of a second', () => {
    expect(cutOf(levels([640, -20], [5, -30], [355, -20]))).toEqual({ kind: 'hard', at: 642 });
  });

  test('in noise as loud as the words of others is cut in its own pauses', () => {
    const noisy = levels([600, -10], [20, -32], [180, -10], [110, -31], [90, -10]);
    expect(cutOf(noisy, thresholdsOf(noisy))).toEqual({ kind: 'pause', at: 855 });
  });

  test('that is the last ends with the audio', () => {
    expect(cutOf(levels([100, -20], [400, -90]))).toEqual({ kind: 'end', at: 500 });
  });
});
