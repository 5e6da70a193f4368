import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderFileStore } from '@media-jobs/core';
import { brokenFileStores, fileStoreCases } from '@media-jobs/core/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderHarness } from './testing/folder-harness.ts';

let root: string;
/** What broken stores leave is their own fault. */
let brokenRoot: string;

beforeAll(async () => {
  [root, brokenRoot] = await Promise.all(['media-jobs-shared-', 'media-jobs-broken-'].map((prefix) => mkdtemp(join(tmpdir(), prefix)))) as [string, string];
});

afterAll(async () => {
  const left = await readdir(root, { recursive: true });
  await Promise.all([root, brokenRoot].map((path) => rm(path, { recursive: true })));
  expect(left.filter((path) => path.endsWith('.part'))).toEqual([]);
});

test.each(fileStoreCases)('folder file store: $name', ({ run }) => run(folderHarness(root)));

test.each(brokenFileStores)('a file store is rejected when $name', async ({ rejectedBy, wrap }) => {
  const rejecting = fileStoreCases.find((each) => each.name === rejectedBy);
  await expect(rejecting?.run(folderHarness(brokenRoot, wrap))).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});

test('every file store case has a name of its own', () => {
  expect(new Set(fileStoreCases.map(({ name }) => name)).size).toBe(fileStoreCases.length);
});

test('a folder that is no folder is a store that does not answer, and says why', async () => {
  const folder = join(root, 'a-file');
  await writeFile(folder, 'not a folder');
  await using store = createFolderFileStore({ folder });
  const file = { folder: 'jobs/e/j/t', sha256: '0'.repeat(64), bytes: 12 };
  await expect(store.put(file, folder)).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  await chmod(folder, 0o600);
  expect(() => createFolderFileStore({ folder: '' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});
