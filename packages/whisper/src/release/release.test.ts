import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isProcessGone, markProcess } from './process-mark.ts';
import { proveRelease } from './prove-release.ts';

test('a process is gone when nobody has its pid, or somebody who started later', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const mark = markProcess(Number(child.pid));
  expect(isProcessGone(mark)).toBe(false);
  expect(isProcessGone({ ...mark, startTicks: '1' })).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isProcessGone(mark)).toBe(true);
});

test('a pid in use proves nothing where the machine does not tell when its process started', () => {
  expect(isProcessGone({ pid: process.pid, startTicks: null })).toBe(false);
});

test('there is no receipt for a process that is still there', () => {
  const facts = { exitedAt: 5, peakRssBytes: 7 };
  expect(() => proveRelease({ ...facts, mark: markProcess(process.pid) })).toThrow(expect.objectContaining({ code: 'RELEASE_UNPROVEN' }));
  expect(proveRelease({ ...facts, mark: { pid: process.pid, startTicks: '1' } })).toEqual({ pid: process.pid, exitedAt: 5, peakRssBytes: 7, gpu: null, proof: 'process-gone' });
});
