import { request } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import { copy } from '../testing/sample-operations.ts';
import { leftFolders, openService, type OpenService } from '../testing/open-service.ts';
import { formParts } from '../testing/raw-request.ts';

const mib = 1_048_576;
const bytes = Number(process.env['UPLOAD_GIB'] ?? 4) * 1_024 * mib;
const { type, head, tail } = formParts('film.mkv');

afterAll(() => expect(leftFolders()).toEqual([]));

/** Sends so many bytes of a file that is made on the way, as fast as they are taken, or at most so many a second. */
async function upload(service: OpenService, size: number, bytesPerSecond = Infinity): Promise<number> {
  const sending = request(`${service.url}/jobs`, { method: 'POST', headers: { 'content-type': type, 'content-length': head.length + size + tail.length } });
  const status = new Promise<number>((resolve, reject) => sending.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject));
  const chunk = Buffer.alloc(256 * 1024, 1);
  sending.write(head);
  const began = performance.now();
  for (let sent = 0; sent < size; sent += chunk.length) {
    chunk.writeDoubleLE(sent + size, 0);
    if (!sending.write(chunk.subarray(0, Math.min(chunk.length, size - sent)))) await new Promise((resolve) => void sending.once('drain', resolve));
    const aheadMs = (sent / bytesPerSecond) * 1_000 - (performance.now() - began);
    if (aheadMs > 0) await new Promise((resolve) => void setTimeout(resolve, aheadMs));
  }
  sending.end(tail);
  return status;
}

test('memory stays flat while gigabytes come in, from a client that is fast and one that is slow', async () => {
  await using service = await openService({ operations: [copy], jobs: { worker: false, maxInputBytes: bytes + mib } });
  expect(await upload(service, 64 * mib)).toBe(202);
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const began = performance.now();
  const statuses = await Promise.all([upload(service, bytes), upload(service, 32 * mib, 4 * mib)]);
  clearInterval(timer);
  expect(statuses).toEqual([202, 202]);
  process.stderr.write(`${(bytes / mib).toFixed(0)} MiB in ${((performance.now() - began) / 1_000).toFixed(1)} s; memory grew by ${((peak - before) / mib).toFixed(1)} MiB, that of both clients included\n`);
  expect(peak - before).toBeLessThanOrEqual(64 * mib);
  expect((await service.jobs.list()).jobs.map(({ inputs }) => inputs[0]?.bytes).toSorted((left = 0, right = 0) => left - right)).toEqual([32 * mib, 64 * mib, bytes]);
});
