import { createBreaker, guardOperation } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type AttemptScript } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing } from '../run/testing/bench.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

test('jobs wait uncharged while the engine is left alone, and end well when it is back', async () => {
  const broken: AttemptScript = [{ do: 'fail', code: 'ENGINE_FAILED' }];
  const operation = scriptedOperation({ name: 'hear', script: [...Array.from({ length: 5 }, () => broken), []], limits: { concurrency: 1, maxAttempts: 20 } });
  const clock = createFakeClock();
  const breaker = createBreaker({ name: 'engine', clock });
  await using bench = await openBench({ operations: [guardOperation(operation, breaker)], clock });
  const first = await bench.jobs.submit('hear', { file: 1 });
  await passing(clock, eventually(() => breaker.state !== 'closed'));
  const second = await bench.jobs.submit('hear', { file: 2 });
  await passing(clock, Promise.all([first.result(), second.result()]));
  // Five failures, then one probe and the other job: nothing was tried in between.
  expect(operation.calls).toHaveLength(7);
  expect(await second.record()).toMatchObject({ state: 'completed', attempts: 1 });
  expect(breaker.state).toBe('closed');
});

test('files that are at fault do not open it', async () => {
  const operation = scriptedOperation({ name: 'hear', script: [[{ do: 'fail', code: 'NO_AUDIO' }]] });
  const breaker = createBreaker({ name: 'engine' });
  await using bench = await openBench({ operations: [guardOperation(operation, breaker)] });
  for (let file = 0; file < 8; file += 1) await (await bench.jobs.submit('hear', { file })).wait();
  expect([operation.calls.length, breaker.state, breaker.failures]).toEqual([8, 'closed', 0]);
});
