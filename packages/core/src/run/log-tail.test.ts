import { collectLogs } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createLogTail } from './log-tail.ts';

test('the last twenty lines are kept, also those of children, and all pass through', () => {
  const target = collectLogs();
  const tail = createLogTail(target);
  const { logger } = tail;
  const child = logger.child({ step: 1 });
  for (let index = 1; index <= 30; index += 1) (index % 2 === 0 ? child : logger).info({}, `line ${index}`);
  child.debug({}, 'not kept');
  child.error({}, 'x'.repeat(1_000));
  expect(tail.lines()).toHaveLength(20);
  expect(tail.lines()[0]).toBe('info: line 12');
  expect(tail.lines().at(-1)).toHaveLength(500);
  expect(target.lines).toHaveLength(32);
  expect(target.lines[1]?.fields).toEqual({ step: 1 });
});
