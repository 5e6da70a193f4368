import { expect, test } from 'vitest';
import { channelOf, SampleReader } from './sample-reader.ts';

const samples = Float32Array.from({ length: 30 }, (_, index) => index / 10);
const bytes = new Uint8Array(samples.buffer);

test.each([1, 3, 4, 5, 7, 64])('pieces of %i bytes give the same samples', (piece) => {
  const reader = new SampleReader(1);
  const out: number[] = [];
  for (let start = 0; start < bytes.length; start += piece) out.push(...reader.read(bytes.slice(start, start + piece)));
  expect(out).toEqual([...samples]);
});

test('a piece that starts at an odd place in memory is read', () => {
  const odd = new Uint8Array(bytes.length + 1);
  odd.set(bytes, 1);
  expect([...new SampleReader(1).read(odd.subarray(1))]).toEqual([...samples]);
});

test('frames of two channels are never torn', () => {
  const reader = new SampleReader(2);
  const first = reader.read(bytes.slice(0, 12));
  expect(first).toHaveLength(2);
  expect([...first, ...reader.read(bytes.slice(12))]).toEqual([...samples]);
});

test('one channel is picked out of two', () => {
  expect([...channelOf(Float32Array.of(1, 2, 3, 4), 1, 2)]).toEqual([2, 4]);
});
