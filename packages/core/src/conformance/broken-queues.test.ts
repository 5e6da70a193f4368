import { createProcessQueue } from '@media-jobs/core';
import { brokenQueues, jobQueueCases } from '@media-jobs/core/conformance';
import { expect, test } from 'vitest';

for (const { name, rejectedBy, wrap } of brokenQueues) {
  // Some are found out only when patience ends, so they wait together.
  test.concurrent(`a queue is rejected when ${name}`, async () => {
    const rejecting = jobQueueCases.find((each) => each.name === rejectedBy);
    await rejecting?.run({ create: () => createProcessQueue() });
    await expect(rejecting?.run({ create: () => wrap(createProcessQueue()) })).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
}

test('every queue case has a name of its own', () => {
  expect(new Set(jobQueueCases.map(({ name }) => name)).size).toBe(jobQueueCases.length);
});
