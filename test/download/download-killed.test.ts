import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAtOnce, startNodeChild } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-download-'));
const file = randomBytes(3_000_000);
const asked: string[] = [];
const server: Server = createServer((request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  asked.push(`${start} ${String(request.headers['if-range'] ?? '')}`.trim());
  const range = start > 0 ? { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { 'content-type': 'video/mp4', 'content-length': String(file.length - start), etag: '"one"', ...range });
  // The first time it stops in the middle, and says nothing more.
  if (start === 0) response.write(file.subarray(0, 1_000_000));
  else response.end(file.subarray(start));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const unfinished = (): string | undefined => readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('media.part'));

function startDownloading(onMessage: (message: unknown) => void) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/talk.mp4`;
  return startNodeChild({ module: new URL('./downloading-process.ts', import.meta.url), args: [JSON.stringify({ folder, url })], onMessage });
}

test('a download whose process is killed is gone on with by the next one, where it ended', async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const first = await startDownloading(() => undefined);
  await expect.poll(() => statSync(join(folder, unfinished() ?? 'nothing'), { throwIfNoEntry: false })?.size, { timeout: 20_000 }).toBe(1_000_000);
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const told = Promise.withResolvers<unknown>();
  const second = await startDownloading(told.resolve);
  expect(await told.promise).toMatchObject({ sha256: createHash('sha256').update(file).digest('hex'), left: { completed: 1 } });
  expect([asked, unfinished()]).toEqual([['0', '1000000 "one"'], undefined]);
  await second.stop(killAtOnce);
}, 60_000);
