import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createFfmpeg, prepareSpeechOperation } from '@media-jobs/ffmpeg';
import { afterAll, expect, test } from 'vitest';
import { form, leftFolders, openService } from './testing/open-service.ts';

const talk = execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:duration=2', '-f', 'wav', 'pipe:1'], { maxBuffer: 1e8 });

afterAll(() => expect(leftFolders()).toEqual([]));

test('from an upload to its result: submit, follow, wait, download, and the same again from the cache', async () => {
  await using service = await openService({ operations: [prepareSpeechOperation({ ffmpeg: createFfmpeg() })], sqlite: true });
  const submitted = await service.post('/jobs', form(talk, { waveform: 'no', targetLufs: '-20' }, 'My talk.wav'));
  expect(submitted.status).toBe(202);
  const job = (await submitted.json()) as { id: string; cached: boolean; options: object; inputs: object[]; expiresAt: null };
  expect(submitted.headers.get('location')).toBe(`/jobs/${job.id}`);
  expect(job).toMatchObject({ cached: false, options: { waveform: false, targetLufs: -20 }, expiresAt: null, inputs: [{ field: 'file', name: 'My talk.wav', bytes: talk.length, sha256: createHash('sha256').update(talk).digest('hex') }] });
  const ended = (await (await service.get(`/jobs/${job.id}/wait`)).json()) as { files: { name: string; url: string; bytes: number; sha256: string }[]; expiresAt: string };
  expect(ended).toMatchObject({ status: 'completed', progress: 1, output: { audioInfo: { codec: 'pcm_s16le' } }, files: [{ name: 'speech.wav', mediaType: 'audio/wav' }] });
  expect(Date.parse(ended.expiresAt)).toBeGreaterThan(Date.now());
  const [file] = ended.files;
  const download = await service.get(file?.url ?? '');
  expect(download.headers.get('content-type')).toBe('audio/wav');
  expect(download.headers.get('content-disposition')).toBe('attachment; filename=speech.wav');
  const bytes = Buffer.from(await download.arrayBuffer());
  expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([file?.bytes, file?.sha256]);
  const again = await service.post('/jobs?operation=prepare-speech', form(talk, { waveform: 'false', targetLufs: '-20' }, 'another name.mp3'));
  expect([again.status, await again.json()]).toMatchObject([200, { id: job.id, cached: true, status: 'completed' }]);
  expect(service.files().filter((name) => name.startsWith('received'))).toEqual([]);
});

test('what was read of a file is what stands on disk: a wrong file becomes a failed job that says why', async () => {
  await using service = await openService({ operations: [prepareSpeechOperation({ ffmpeg: createFfmpeg() })] });
  const submitted = (await (await service.post('/jobs', form(readFileSync(new URL(import.meta.url))))).json()) as { id: string };
  const job = (await (await service.get(`/jobs/${submitted.id}/wait`)).json()) as { status: string; error: { code: string; detail: string } };
  expect(job).toMatchObject({ status: 'failed', error: { code: 'UNSUPPORTED_FORMAT', retryable: false } });
  // No path of ours is told.
  expect(JSON.stringify(job)).not.toContain(service.workFolder);
});
