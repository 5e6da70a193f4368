import type { JobPage, JobStore } from '@media-jobs/core';
import { expect, test } from 'vitest';
import type { Invocation } from '../command.ts';
import { sampleJob } from '../testing/sample-job.ts';
import { filterOf, limitOf, listJobs } from './list-jobs.ts';

const typed = (options: Readonly<Record<string, string>>): Invocation => ({ files: [], isSet: () => false, text: (name) => options[name] });
const { signal } = new AbortController();

/** A store of 2,500 jobs that gives no more than it is asked for, and no more than 1,000. */
function bigStore(): Pick<JobStore, 'list'> & { readonly asked: number[] } {
  const asked: number[] = [];
  const list = (_filter: unknown, { limit, cursor = '0' }: { limit: number; cursor?: string }): Promise<JobPage> => {
    asked.push(limit);
    const [from, to] = [Number(cursor), Math.min(2_500, Number(cursor) + limit)];
    return Promise.resolve({ jobs: Array.from({ length: to - from }, () => sampleJob()), ...(to < 2_500 ? { cursor: String(to) } : {}) });
  };
  return { asked, list };
}

test.each([[3, 3, true, [3]], [1_200, 1_200, true, [1_000, 200]], [2_500, 2_500, false, [1_000, 1_000, 500]], [Infinity, 2_500, false, [1_000, 1_000, 1_000]]])('%d jobs are asked for page by page', async (limit, count, more, asked) => {
  const store = bigStore();
  const listed = await listJobs(store, {}, { limit, signal });
  expect({ count: listed.jobs.length, more: listed.more, asked: store.asked }).toEqual({ count, more, asked });
});

test.each(['0', '-1', '1.5', 'ten', '', '1e3', '9'.repeat(10)])('--limit %j is refused', (limit) => {
  expect(() => limitOf(typed({ limit }), 'jobs')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test('--limit is 50 unless it is given', () => {
  expect([limitOf(typed({}), 'jobs'), limitOf(typed({ limit: '7' }), 'jobs')]).toEqual([50, 7]);
});

test('--status takes the states of the list only, and both filters are handed on', () => {
  expect(filterOf(typed({ status: 'failed', operation: 'work' }), 'jobs')).toEqual({ states: ['failed'], operation: 'work' });
  expect(filterOf(typed({}), 'jobs')).toEqual({});
  for (const status of ['done', 'Failed', '', 'toString']) expect(() => filterOf(typed({ status }), 'jobs')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
