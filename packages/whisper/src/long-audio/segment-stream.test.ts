import type { Segment } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { streamSegments, type StreamHooks } from './segment-stream.ts';

const segment = (start: number): Segment => ({ start, end: start + 1, text: `${start}` });
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('segments are read as they come, and what the run returns is returned at the end', async () => {
  const stream = streamSegments(async ({ onSegment }) => {
    for (let start = 0; start < 3; start += 1) {
      await turn();
      onSegment(segment(start));
    }
    return 'transcript';
  });
  expect(await stream.next()).toEqual({ done: false, value: segment(0) });
  expect([await stream.next(), await stream.next()]).toMatchObject([{ value: segment(1) }, { value: segment(2) }]);
  expect(await stream.next()).toEqual({ done: true, value: 'transcript' });
});

test('nothing starts before the first read', async () => {
  let started = false;
  const stream = streamSegments(async () => (started = true));
  await turn();
  expect(started).toBe(false);
  await stream.next();
  expect(started).toBe(true);
});

test('who stops reading aborts the run, and the loop ends when the run has ended', async () => {
  let over = false;
  const run = async ({ signal, onSegment }: StreamHooks): Promise<void> => {
    onSegment(segment(0));
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await turn();
    over = true;
    throw signal.reason as Error;
  };
  for await (const _segment of streamSegments(run)) break;
  expect(over).toBe(true);
});

test('a failure comes after the segments that were found before it', async () => {
  const seen: Segment[] = [];
  const read = async (): Promise<void> => {
    for await (const each of streamSegments(async ({ onSegment }) => {
      onSegment(segment(0));
      throw new RangeError('broken');
    })) seen.push(each);
  };
  await expect(read()).rejects.toThrow('broken');
  expect(seen).toEqual([segment(0)]);
});

test('a run is held up while nobody reads, goes on when somebody does, and can be aborted meanwhile', async () => {
  let found = 0;
  const run = async ({ signal, onSegment, pace }: StreamHooks): Promise<number> => {
    for (; found < 1000; found += 1) {
      await pace(signal);
      onSegment(segment(found));
    }
    return found;
  };
  const stream = streamSegments(run);
  await stream.next();
  for (let turns = 0; turns < 200; turns += 1) await turn();
  expect(found).toBeLessThan(70);
  for (let read = 1; read < 500; read += 1) await stream.next();
  expect(found).toBeGreaterThanOrEqual(499);
  await stream.return(0);
  expect(found).toBeLessThan(600);
});

test("the caller's own signal ends it with the caller's reason", async () => {
  const controller = new AbortController();
  const stream = streamSegments(({ signal }) => new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))), controller.signal);
  const read = stream.next();
  controller.abort(new RangeError('enough'));
  await expect(read).rejects.toThrow('enough');
});
