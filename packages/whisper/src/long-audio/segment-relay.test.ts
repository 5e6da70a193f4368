import type { Segment } from '@media-jobs/core';
import { expect, test } from 'vitest';
import type { Chunk } from './plan-chunks.ts';
import { SegmentRelay } from './segment-relay.ts';

const chunk = (index: number, hard: { readonly start?: number; readonly end?: number } = {}): Chunk => ({
  index, startSample: 0, endSample: 0, leadSamples: 0, tailSamples: 0, fromSample: 0, doneSample: 0,
  hardStart: hard.start === undefined ? null : hard.start * 16_000, hardEnd: hard.end === undefined ? null : hard.end * 16_000,
});
const segment = (start: number, text: string): Segment => ({ start, end: start + 0.4, text });

function relay() {
  const seen: string[] = [];
  return { seen, relay: new SegmentRelay(({ text }) => void seen.push(text)) };
}

test('segments pass as they are found, and the end of their chunk does not repeat them', () => {
  const { seen, relay: passed } = relay();
  passed.partial(chunk(0), segment(1, 'a'));
  expect(seen).toEqual(['a']);
  passed.finish(chunk(0), [segment(1, 'a'), segment(2, 'b')]);
  passed.partial(chunk(1), segment(9, 'c'));
  passed.finish(chunk(1), [segment(9, 'c')]);
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('a chunk that is heard sooner than those before it waits for them', () => {
  const { seen, relay: passed } = relay();
  passed.partial(chunk(2), segment(20, 'e'));
  passed.finish(chunk(1), [segment(10, 'c'), segment(11, 'd')]);
  passed.partial(chunk(0), segment(1, 'a'));
  expect(seen).toEqual(['a']);
  passed.finish(chunk(0), [segment(1, 'a'), segment(2, 'b')]);
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('an engine that starts a chunk over is not heard twice', () => {
  const { seen, relay: passed } = relay();
  for (const each of [segment(1, 'a'), segment(2, 'b'), segment(1, 'a'), segment(2, 'b'), segment(3, 'c')]) passed.partial(chunk(0), each);
  expect(seen).toEqual(['a', 'b', 'c']);
});

const first = chunk(0, { end: 100 });
const second = chunk(1, { start: 100 });
const tail = [segment(90, 'far'), segment(99, 'one'), segment(100.2, 'two')];
const head = [segment(99.1, 'one'), segment(100.2, 'two'), segment(100.9, 'three'), segment(110, 'last')];

test('around a hard cut nothing passes until both sides are there, and then once', () => {
  const { seen, relay: passed } = relay();
  for (const each of tail) passed.partial(first, each);
  passed.finish(first, tail);
  expect(seen).toEqual(['far']);
  for (const each of head.slice(0, 3)) passed.partial(second, each);
  expect(seen).toEqual(['far']);
  passed.partial(second, head[3] as Segment);
  expect(seen).toEqual(['far', 'one', 'two', 'three', 'last']);
  passed.finish(second, head);
  passed.end();
  expect(seen).toEqual(['far', 'one', 'two', 'three', 'last']);
});

test('the end passes on what waited for a chunk that never came', () => {
  const { seen, relay: passed } = relay();
  passed.finish(first, tail);
  passed.end();
  expect(seen).toEqual(['far', 'one', 'two']);
  const other = relay();
  other.relay.finish(first, tail);
  other.relay.finish(chunk(1), [segment(140, 'later')]);
  expect(other.seen).toEqual(['far', 'one', 'two', 'later']);
});
