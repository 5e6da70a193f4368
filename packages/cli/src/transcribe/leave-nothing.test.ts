import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { silentLogger } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import { removeForgotten } from './leave-nothing.ts';

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-leave-nothing-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a transcription that nobody has asked for in an hour is removed from the line; a younger one, and the work of others, stay', async () => {
  const clock = createFakeClock();
  const operations = [scriptedOperation({ name: 'transcribe', script: [[]] }), scriptedOperation({ name: 'encode', script: [[]] })] as const;
  await using jobs = await createMediaJobs({ operations, store: createMemoryStore({ clock }), workFolder: folder, clock, worker: false });
  const forgotten = await jobs.submit('transcribe', {});
  const ofOthers = await jobs.submit('encode', {});
  clock.jump(3_600_000);
  const young = await jobs.submit('transcribe', {}, { namespace: 'another' });
  await removeForgotten(jobs, clock, silentLogger);
  const left = (await jobs.list()).jobs.map(({ id }) => id);
  expect(left.toSorted()).toEqual([ofOthers.id, young.id].toSorted());
  expect(left).not.toContain(forgotten.id);
});
