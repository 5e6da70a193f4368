import { chmodSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createModels, type Models } from '@media-jobs/whisper';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { testFolder } from '../testing/test-folder.ts';
import { DigestCache } from './digest-cache.ts';

const root = testFolder();
const later = createFakeClock(Date.now() + 60_000);
/** As each process makes its own. */
const newModels = (folder: string, clock = later): Models => createModels({ folder, clock });

function setUp(): { readonly folder: string; readonly file: string; readonly digest: string } {
  const base = mkdtempSync(join(root, 'digests-'));
  const file = writeScriptedModel(join(base, 'model.bin'));
  const folder = join(base, 'models');
  return { folder, file, digest: new DigestCache(folder, later).path(file) };
}

test('a later process takes the checksum from where the first has put it, without reading the model', async () => {
  const { folder, file, digest } = setUp();
  const { sha256 } = await newModels(folder).file(file).info();
  const [stamp, kept] = readFileSync(digest, 'utf8').split(' ');
  expect(kept).toBe(sha256);
  // A checksum that nothing on earth would compute shows that it was taken, not computed.
  writeFileSync(digest, `${stamp} ${'0'.repeat(64)}`);
  expect((await newModels(folder).file(file).info()).sha256).toBe('0'.repeat(64));
});

test.each([
  ['other bytes under the old time of change', (file: string) => {
    const { atime, mtime } = statSync(file);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = 7;
    writeFileSync(file, bytes);
    utimesSync(file, atime, mtime);
  }],
  ['another time of change', (file: string) => utimesSync(file, new Date(), new Date('2026-01-01'))],
  ['other rights', (file: string) => chmodSync(file, 0o600)],
])('a model with %s is read again', async (_change, change) => {
  const { folder, file, digest } = setUp();
  await newModels(folder).file(file).info();
  const [stamp] = readFileSync(digest, 'utf8').split(' ');
  writeFileSync(digest, `${stamp} ${'0'.repeat(64)}`);
  change(file);
  expect((await newModels(folder).file(file).info()).sha256).not.toBe('0'.repeat(64));
});

test('a checksum that was torn or tampered with counts as none', async () => {
  const { folder, file, digest } = setUp();
  const { sha256 } = await newModels(folder).file(file).info();
  for (const text of ['', 'x', readFileSync(digest, 'utf8').slice(0, -5), `${readFileSync(digest, 'utf8')}zz`]) {
    writeFileSync(digest, text);
    expect((await newModels(folder).file(file).info()).sha256).toBe(sha256);
  }
});

test('what was written to just now is not remembered: a second write within the grain of the clock would go unseen', async () => {
  const { folder, file } = setUp();
  await newModels(folder, createFakeClock(Date.now())).file(file).info();
  expect(() => statSync(folder)).toThrow('ENOENT');
});

test('where nothing can be remembered, the model is read, and that is all', async () => {
  const { folder, file } = setUp();
  writeFileSync(folder, 'a file in the place of the folder');
  expect((await newModels(folder).file(file).info()).sha256).toMatch(/^[0-9a-f]{64}$/);
});
