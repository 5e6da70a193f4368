import { MediaJobError } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { collectLogs } from '../testing/collect-logs.ts';
import type { Dispatch } from '../ports/job-queue.ts';
import { dispatchDue } from './dispatch-due.ts';
import type { RunContext } from './run-context.ts';

const jobs = Array.from({ length: 100 }, (_, number) => ({ pointer: { id: `mj_${number}`, sequence: 1, epoch: 'e' }, operation: number % 10 === 9 ? 'elsewhere' : 'work', priority: 0, state: 'queued' as const }));

test('jobs are handed over in their order, 32 at a time, and one that the queue does not take keeps no other back', async () => {
  const logger = collectLogs();
  const came: string[] = [];
  let [under, most] = [0, 0];
  const dispatch = async ({ pointer: { id } }: Dispatch): Promise<void> => {
    came.push(id);
    under += 1;
    most = Math.max(most, under);
    await new Promise((resolve) => void setImmediate(resolve));
    under -= 1;
    if (id === 'mj_5') throw new MediaJobError('QUEUE_UNAVAILABLE', { message: 'Expected an answer, got none.' });
  };
  const context = { queue: { dispatch }, operations: new Map([['work', {}]]), logger } as unknown as RunContext;
  await dispatchDue(context, jobs);
  expect(came).toEqual(jobs.filter(({ operation }) => operation === 'work').map(({ pointer }) => pointer.id));
  expect(most).toBeGreaterThan(20);
  expect(most).toBeLessThanOrEqual(32);
  expect(logger.lines.map(({ fields }) => fields['jobId'])).toEqual(['mj_5']);
});
