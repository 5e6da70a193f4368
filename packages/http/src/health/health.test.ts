import { rename } from 'node:fs/promises';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HealthCheck } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { createFfmpeg, prepareSpeechOperation } from '@media-jobs/ffmpeg';
import { afterAll, expect, test } from 'vitest';
import { createFakeClock } from '@media-jobs/core/testing';
import { say } from '../testing/sample-operations.ts';
import { leftFolders, openService, type OpenService } from '../testing/open-service.ts';
import { createHealthAsker } from './check-health.ts';

interface Health { readonly status: string; readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string; readonly wallMs: number }[] }

const healthOf = async (service: OpenService, path = '/health'): Promise<{ readonly status: number; readonly health: Health; readonly failing: readonly string[] }> => {
  const response = await service.get(path);
  const health = (await response.json()) as Health;
  return { status: response.status, health, failing: health.checks.filter(({ ok }) => !ok).map(({ name }) => name) };
};
const within = { timeout: 5_000, interval: 50 };

afterAll(() => expect(leftFolders()).toEqual([]));

test('a healthy service says so, with what each check found and how long it took', async () => {
  await using service = await openService({ operations: [prepareSpeechOperation({ ffmpeg: createFfmpeg() })], http: { service: { name: 'normaliser', version: '1.2.3' } } });
  const { status, health } = await healthOf(service);
  expect([status, health]).toMatchObject([200, { status: 'ok', service: 'normaliser', version: '1.2.3' }]);
  expect(health.checks.map(({ name }) => name)).toEqual(['store', 'disk', 'memory', 'gpu', 'workers', 'ffmpeg', 'ffprobe']);
  for (const { ok, detail, wallMs } of health.checks) expect([ok, detail.length > 0, wallMs < 2_000]).toEqual([true, true, true]);
  // Anybody may ask.
  expect(JSON.stringify(health)).not.toContain(dirname(service.workFolder));
});

test('health turns within seconds when a program goes, and back when it returns', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'media-jobs-http-programs-'));
  const program = join(folder, 'ffmpeg');
  await writeFile(program, '#!/bin/sh\nexec ffmpeg "$@"\n');
  await chmod(program, 0o755);
  await using service = await openService({ operations: [prepareSpeechOperation({ ffmpeg: createFfmpeg({ binaries: { ffmpeg: program } }) })] });
  expect((await healthOf(service)).status).toBe(200);
  await rename(program, `${program}.gone`);
  await expect.poll(async () => (await healthOf(service)).failing, within).toContain('ffmpeg');
  expect((await healthOf(service)).status).toBe(503);
  await rename(`${program}.gone`, program);
  await expect.poll(async () => (await healthOf(service)).status, within).toBe(200);
  await rm(folder, { recursive: true });
});

test('health turns when there is no room on the disk, and when no worker lives', async () => {
  await using full = await openService({ operations: [say], jobs: { diskReserveBytes: 1e18 } });
  expect((await healthOf(full)).failing).toEqual(['disk']);
  await using idle = await openService({ operations: [say], jobs: { worker: false } });
  expect((await healthOf(idle)).failing).toEqual(['workers']);
});

test('a check that hangs, throws or lies about its time takes no longer than its bound', async () => {
  const checks: readonly HealthCheck[] = [
    { name: 'hangs', check: () => new Promise<never>(() => undefined) },
    { name: 'throws', check: () => Promise.reject(new MediaJobError('STORE_UNAVAILABLE', { message: 'Expected an answer, got none.', advice: 'Start it.' })) },
    { name: 'throws at once', check: () => { throw new Error('no'); } },
    { name: 'fine', check: () => Promise.resolve({ ok: true, detail: 'fine' }) },
  ];
  const clock = createFakeClock();
  const asked = createHealthAsker({ checks, timeoutMs: 2_000, clock })();
  await clock.advance(2_000);
  expect(await asked).toMatchObject({ ok: false, checks: [{ name: 'hangs', ok: false, detail: 'no answer within 2000 ms' }, { ok: false, detail: 'Expected an answer, got none.', advice: 'Start it.' }, { ok: false, detail: 'no' }, { ok: true }] });
});

test('a hundred who ask at once cost one look', async () => {
  let looks = 0;
  const clock = createFakeClock();
  const ask = createHealthAsker({ checks: [{ name: 'counted', check: () => { looks += 1; return Promise.resolve({ ok: true, detail: '' }); } }], timeoutMs: 2_000, clock });
  await Promise.all(Array.from({ length: 100 }, ask));
  await ask();
  expect(looks).toBe(1);
  await clock.advance(1_000);
  await ask();
  expect(looks).toBe(2);
});

test('a process that lives says so even when nothing else works; it is ready only while its store answers', async () => {
  const broken: HealthCheck = { name: 'broken', check: () => Promise.resolve({ ok: false, detail: 'gone' }) };
  await using service = await openService({ operations: [{ ...say, healthChecks: [broken] }] });
  expect((await healthOf(service)).status).toBe(503);
  expect((await healthOf(service, '/live')).status).toBe(200);
  expect((await healthOf(service, '/ready')).status).toBe(200);
  await service.jobs.close();
  await expect.poll(async () => (await healthOf(service, '/ready')).status, within).toBe(503);
  expect((await healthOf(service, '/live')).status).toBe(200);
  const refused = await service.post('/jobs', { text: 'a' });
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'CLOSED' }]);
});
