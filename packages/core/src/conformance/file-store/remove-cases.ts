import assert from 'node:assert/strict';
import { newEpoch, newToken } from '../../job/epoch.ts';
import type { ConformanceCase, FileStoreHarness } from '../harness.ts';
import { foldersOf, onFileStore } from './sources.ts';

/** More than a listing brings in one page. */
const manyFiles = 1_005;
const dayMs = 86_400_000;

export const removeCases: readonly ConformanceCase<FileStoreHarness>[] = [
  onFileStore('a store without files has no epochs and no folders, and removing is no error', async ({ store, epoch, folder }) => {
    assert.deepEqual(await store.epochs(), []);
    assert.deepEqual(await foldersOf(store, epoch), []);
    assert.deepEqual(await store.remove(folder()), { files: 0, bytes: 0 });
    assert.deepEqual(await store.remove(`jobs/${epoch}`), { files: 0, bytes: 0 });
  }),
  onFileStore('each epoch and each folder is told once, however many files it holds, and when it was written', async ({ store, source, epoch, folder }) => {
    const later = newEpoch(Date.now(), epoch);
    const [one, two, elsewhere] = [folder(), folder(), folder(later)];
    for (const into of [one, one, two, elsewhere]) {
      const { path, file } = await source({ folder: into });
      await store.put(file, path);
    }
    assert.deepEqual([...(await store.epochs())].sort(), [epoch, later].sort());
    const told = await foldersOf(store, epoch);
    assert.deepEqual(told.map((each) => each.folder).sort(), [one, two].sort());
    for (const { modifiedAt } of told) assert.ok(Math.abs(modifiedAt - Date.now()) < dayMs, `Expected the time of writing, got ${new Date(modifiedAt).toISOString()}.`);
  }),
  onFileStore('removing a folder removes all files in it and tells how many and how large; others stay', async ({ store, source, epoch, folder }) => {
    const doomed = folder();
    const kept = [folder(), doomed.slice(0, -1), `${doomed}0`];
    for (const into of [doomed, doomed, ...kept]) {
      const { path, file } = await source({ folder: into });
      await store.put(file, path);
    }
    assert.deepEqual(await store.remove(doomed), { files: 2, bytes: 2_000 });
    assert.deepEqual((await foldersOf(store, epoch)).map((each) => each.folder).sort(), [...kept].sort());
  }),
  onFileStore('removing an epoch removes all its folders; other epochs stay, also one whose name begins the same', async ({ store, source, epoch, folder }) => {
    const longer = `${epoch}0`;
    for (const into of [folder(), folder(), folder(longer)]) {
      const { path, file } = await source({ folder: into });
      await store.put(file, path);
    }
    assert.deepEqual(await store.remove(`jobs/${epoch}`), { files: 2, bytes: 2_000 });
    assert.deepEqual(await store.epochs(), [longer]);
    assert.deepEqual(await foldersOf(store, epoch), []);
  }),
  onFileStore('what is removed on one machine is gone on the others', async ({ store, source, other }) => {
    const { path, file } = await source();
    await store.put(file, path);
    const there = await other();
    assert.equal(await there.sizeOf(file), file.bytes);
    await there.remove(file.folder);
    assert.equal(await store.sizeOf(file), null);
    await assert.rejects(store.open(file, 0), { code: 'FILE_MISSING' });
  }),
  onFileStore('more files than a listing brings at once are all told and all removed', async ({ store, source, epoch, folder }) => {
    const sources = await Promise.all(Array.from({ length: manyFiles }, (_, index) => source({ folder: folder(), content: Buffer.from(`file ${index}`) })));
    for (let index = 0; index < manyFiles; index += 50) await Promise.all(sources.slice(index, index + 50).map(({ file, path }) => store.put(file, path)));
    assert.equal((await foldersOf(store, epoch)).length, manyFiles);
    assert.equal((await store.remove(`jobs/${epoch}`)).files, manyFiles);
    assert.deepEqual(await store.epochs(), []);
  }),
  onFileStore('what a killed put left is told as a folder and an epoch, cannot be opened, and goes with its folder', async ({ store, source, harness, epoch }) => {
    const { path, file } = await source({ bytes: 9 * 1024 * 1024 });
    await harness.leaveUnfinished(store, file, path);
    assert.equal(await store.sizeOf(file), null);
    assert.deepEqual([await store.epochs(), (await foldersOf(store, epoch)).map((each) => each.folder)], [[epoch], [file.folder]]);
    await store.remove(file.folder);
    assert.deepEqual([await store.epochs(), await foldersOf(store, epoch)], [[], []]);
  }),
  onFileStore('what a killed put left goes with its epoch, and leaves a put that comes after it alone', async ({ store, source, harness, epoch }) => {
    const { path, file } = await source({ bytes: 9 * 1024 * 1024 });
    await harness.leaveUnfinished(store, file, path);
    await store.put(file, path);
    assert.equal(await store.sizeOf(file), file.bytes);
    await store.remove(`jobs/${epoch}`);
    assert.deepEqual([await store.epochs(), await foldersOf(store, epoch)], [[], []]);
  }),
  onFileStore('places with the signs of patterns and paths in them are not understood as such', async ({ store, source, epoch }) => {
    const folder = `jobs/${epoch}/mj_${newToken()}/-_${newToken()}`;
    const { path, file } = await source({ folder });
    await store.put(file, path);
    assert.deepEqual((await foldersOf(store, epoch)).map((each) => each.folder), [folder]);
  }),
];
