import type { JobRecord, JobStore } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { sampleJob } from '../testing/sample-job.ts';
import { findJob } from './find-job.ts';

const ids = ['abcd', 'abce', 'bbbb'].map((start) => `mj_${start.padEnd(26, 'z')}`);
const jobs = ids.map((id) => sampleJob({ id }));
/** Pages of one job each, as a store gives them. */
const store: Pick<JobStore, 'get' | 'list'> = {
  get: (id) => Promise.resolve(jobs.find((job) => job.id === id) ?? null),
  list: (_filter, { cursor = '0' }) => {
    const at = Number(cursor);
    return Promise.resolve({ jobs: jobs.slice(at, at + 1), ...(at + 1 < jobs.length ? { cursor: String(at + 1) } : {}) });
  },
};
const find = (given: string, signal = new AbortController().signal): Promise<JobRecord> => findJob(store, given, signal);

test.each([['mj_bbbb', 2], ['bbbbzz', 2], ['abcez', 1], [ids[0] ?? '', 0], [ids[1]?.slice(3) ?? '', 1]])('%s names one job', async (given, index) => {
  expect(await find(given)).toBe(jobs[index]);
});

test('a beginning that several ids share is refused with these ids', async () => {
  const twins = { ...store, list: () => Promise.resolve({ jobs: ['x', 'y'].map((end) => sampleJob({ id: `mj_abcd${end.repeat(22)}` })) }) };
  await expect(findJob(twins, 'abcd', new AbortController().signal)).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('with which 2 begin (mj_abcdxx') as string });
});

test.each(['', 'mj_', 'abc', 'mj_abc'])('%j is too short to name a job', async (given) => {
  await expect(find(given)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test.each(['mj_cccc', `mj_${'c'.repeat(26)}`, `${ids[0]}z`, 'ABCD', '../../etc'])('%s is the id of no job', async (given) => {
  await expect(find(given)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});

test('a search through many jobs ends when the command is interrupted', async () => {
  await expect(find('cccc', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
