import { jobQueueCases } from '@media-jobs/core/conformance';
import { expect, test } from 'vitest';
import { createProcessQueue } from './process-queue.ts';

test.each(jobQueueCases)('process queue: $name', async ({ run }) => {
  await run({ create: () => Promise.resolve(createProcessQueue()) });
});

test('an operation that nobody here consumes stays in line', async () => {
  await using queue = createProcessQueue();
  const handed: string[] = [];
  await queue.consume(async (_pointer, operation) => void handed.push(operation), { known: 1 });
  await queue.dispatch({ pointer: { id: 'a', sequence: 1, epoch: 'e' }, operation: 'unknown', priority: 0 });
  await queue.dispatch({ pointer: { id: 'b', sequence: 1, epoch: 'e' }, operation: 'known', priority: 0 });
  expect(await queue.depth()).toEqual({ waiting: 1, running: 0 });
  expect(handed).toEqual(['known']);
});
