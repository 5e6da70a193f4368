import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@media-jobs/foundation';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts';
import { createEpochMarks, markLingersMs, type EpochMarks } from './epoch-marks.ts';

let clock: FakeClock;
let attemptsFolder: string;
let marks: EpochMarks;

beforeEach(() => {
  clock = createFakeClock();
  attemptsFolder = mkdtempSync(join(tmpdir(), 'media-jobs-marks-'));
  marks = createEpochMarks({ attemptsFolder, clock, logger: silentLogger });
});
afterEach(() => rmSync(attemptsFolder, { recursive: true }));

const marked = (): readonly string[] => readdirSync(attemptsFolder).toSorted();

test('an epoch is marked while there is work, between two jobs as well, and a moment after the last no more', async () => {
  marks.enter('a');
  marks.enter('a');
  marks.leave('a');
  expect(marked()).toEqual(['a']);
  marks.leave('a');
  await clock.advance(markLingersMs / 2);
  marks.enter('a');
  await clock.advance(markLingersMs);
  expect(marked(), 'There is work again').toEqual(['a']);
  marks.leave('a');
  expect(marked()).toEqual(['a']);
  await clock.advance(markLingersMs);
  expect(marked()).toEqual([]);
});

test('a reset finds no mark of an older epoch whose work has ended, and one of each whose work has not', () => {
  for (const epoch of ['a', 'b', 'c']) marks.enter(epoch);
  for (const epoch of ['a', 'c']) marks.leave(epoch);
  marks.clear('c');
  expect(marked()).toEqual(['b', 'c']);
});

test('at the end all marks go as soon as their work has ended, and no timer is left', () => {
  for (const epoch of ['a', 'b']) marks.enter(epoch);
  marks.leave('a');
  marks.end();
  expect([marked(), clock.pending]).toEqual([['b'], 0]);
  marks.leave('b');
  expect([marked(), clock.pending]).toEqual([[], 0]);
});
