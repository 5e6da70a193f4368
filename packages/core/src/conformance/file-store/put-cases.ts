import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import type { ConformanceCase, FileStoreHarness } from '../harness.ts';
import { contentOf, foldersOf, onFileStore } from './sources.ts';

/** Larger than a part of an upload in parts. */
const severalParts = 17 * 1024 * 1024 + 1;

export const putCases: readonly ConformanceCase<FileStoreHarness>[] = [
  onFileStore('what one machine put, another opens, byte for byte', async ({ store, source, other }) => {
    assert.equal(store.specVersion, 1);
    const { path, content, file } = await source();
    await store.put(file, path);
    await rm(path);
    const there = await other();
    assert.equal(await there.sizeOf(file), content.length);
    assert.ok((await contentOf(await there.open(file, 0))).equals(content), 'Expected the bytes that were put.');
  }),
  onFileStore('a file of several megabytes comes back the same', async ({ store, source, other }) => {
    const { path, content, file } = await source({ bytes: severalParts });
    await store.put(file, path);
    assert.ok((await contentOf(await (await other()).open(file, 0))).equals(content), 'Expected the bytes that were put.');
  }),
  onFileStore('a file that is not what its digest says is refused, and nothing of it can be opened', async ({ store, source }) => {
    for (const bytes of [1_000, severalParts]) {
      const { path, content, file } = await source({ bytes });
      await writeFile(path, Buffer.concat([content.subarray(1), Buffer.from([content[0] ?? 0])]));
      await assert.rejects(store.put(file, path), { code: 'INPUT_CHANGED' });
      assert.equal(await store.sizeOf(file), null);
    }
  }),
  onFileStore('a file of another size than it should have is refused, shorter and longer', async ({ store, source }) => {
    const { path, content, file } = await source();
    for (const wrong of [content.subarray(0, 999), Buffer.concat([content, Buffer.from('more')])]) {
      await writeFile(path, wrong);
      await assert.rejects(store.put(file, path), { code: 'INPUT_CHANGED' });
      assert.equal(await store.sizeOf(file), null);
    }
  }),
  onFileStore('a local file that is not there is named, and nothing is stored', async ({ store, source }) => {
    const { path, file } = await source();
    await rm(path);
    await assert.rejects(store.put(file, path), { code: 'INPUT_MISSING' });
    assert.equal(await store.sizeOf(file), null);
  }),
  onFileStore('the same file put again, or by two machines at once, is one', async ({ store, source, other, epoch }) => {
    const { path, content, file } = await source();
    await Promise.all([store.put(file, path), (await other()).put(file, path)]);
    await store.put(file, path);
    assert.ok((await contentOf(await store.open(file, 0))).equals(content), 'Expected the bytes that were put.');
    assert.equal((await foldersOf(store, epoch)).length, 1);
    assert.deepEqual(await store.remove(file.folder), { files: 1, bytes: content.length });
  }),
  onFileStore('a put that is aborted rejects, and stores nothing', async ({ store, source }) => {
    const { path, file } = await source({ bytes: severalParts });
    await assert.rejects(store.put(file, path, { signal: AbortSignal.abort(new Error('enough')) }), { code: 'ABORTED' });
    const controller = new AbortController();
    const putting = store.put(file, path, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(putting, { code: 'ABORTED' });
    assert.equal(await store.sizeOf(file), null);
  }),
  onFileStore('names of another form are refused: nothing is led out of its place', async ({ store, source, epoch }) => {
    const { path, file } = await source();
    for (const folder of ['../out', `jobs/${epoch}`, `jobs/${epoch}/../x`, `/jobs/${epoch}/a/b`, `jobs/${epoch}/a/b/c`]) await assert.rejects(store.put({ ...file, folder }, path), { code: 'INVALID_OPTION' });
    await assert.rejects(store.put({ ...file, sha256: '../../x' }, path), { code: 'INVALID_OPTION' });
    for (const place of ['', 'jobs', 'jobs/', '..', `jobs/${epoch}/a`]) await assert.rejects(store.remove(place), { code: 'INVALID_OPTION' });
  }),
];
