import { afterAll, expect, test } from 'vitest';
import { copy } from '../testing/sample-operations.ts';
import { leftFolders, openService } from '../testing/open-service.ts';
import { sendUpload } from '../testing/send-upload.ts';

const mib = 1_048_576;
const bytes = Number(process.env['UPLOAD_GIB'] ?? 4) * 1_024 * mib;

afterAll(() => expect(leftFolders()).toEqual([]));

test('memory stays flat while gigabytes come in, from a client that is fast and one that is slow', async () => {
  await using service = await openService({ operations: [copy], jobs: { worker: false, maxInputBytes: bytes + mib } });
  expect(await sendUpload(service.url, 64 * mib)).toBe(202);
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const began = performance.now();
  const statuses = await Promise.all([sendUpload(service.url, bytes), sendUpload(service.url, 32 * mib, 4 * mib)]);
  clearInterval(timer);
  expect(statuses).toEqual([202, 202]);
  process.stderr.write(`${(bytes / mib).toFixed(0)} MiB in ${((performance.now() - began) / 1_000).toFixed(1)} s; memory grew by ${((peak - before) / mib).toFixed(1)} MiB, that of both clients included\n`);
  expect(peak - before).toBeLessThanOrEqual(64 * mib);
  expect((await service.jobs.list()).jobs.map(({ inputs }) => inputs[0]?.bytes).toSorted((left = 0, right = 0) => left - right)).toEqual([32 * mib, 64 * mib, bytes]);
});
