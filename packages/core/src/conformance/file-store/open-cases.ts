import assert from 'node:assert/strict';
import { MediaJobError } from '@media-jobs/foundation';
import type { ConformanceCase, FileStoreHarness } from '../harness.ts';
import { contentOf, onFileStore } from './sources.ts';

/** More than any socket and stream hold back. */
const manyBytes = 12 * 1024 * 1024;
const patienceMs = 5_000;

export const openCases: readonly ConformanceCase<FileStoreHarness>[] = [
  onFileStore('opened from a byte on, the rest comes', async ({ store, source }) => {
    const { path, content, file } = await source();
    await store.put(file, path);
    for (const start of [1, 500, 999]) assert.ok((await contentOf(await store.open(file, start))).equals(content.subarray(start)), `Expected the bytes from ${start} on.`);
  }),
  onFileStore('what is not there is missing: it has no size, and opening it says so', async ({ store, source }) => {
    const { path, file } = await source();
    const { file: neighbour } = await source({ folder: file.folder });
    await store.put(file, path);
    assert.equal(await store.sizeOf(neighbour), null);
    await assert.rejects(store.open(neighbour, 0), { code: 'FILE_MISSING' });
  }),
  onFileStore('an abort ends a stream that is being read', async ({ store, source }) => {
    const { path, file } = await source({ bytes: manyBytes });
    await store.put(file, path);
    const controller = new AbortController();
    const stream = await store.open(file, 0, { signal: controller.signal });
    let read = 0;
    const reading = (async () => {
      for await (const chunk of stream) {
        read += (chunk as Buffer).length;
        controller.abort();
      }
    })();
    await assert.rejects(reading);
    assert.ok(read < manyBytes, 'Expected the stream to end before the file.');
  }),
  onFileStore('an aborted signal keeps every call from being made', async ({ store, source, epoch }) => {
    const { file } = await source();
    const reason = new MediaJobError('CANCELLED', { message: 'Expected more, got cancelled.' });
    const signal = AbortSignal.abort(reason);
    const calls = [() => store.open(file, 0, { signal }), () => store.sizeOf(file, { signal }), () => store.epochs({ signal }), () => Array.fromAsync(store.folders(epoch, { signal })), () => store.remove(file.folder, { signal })];
    for (const call of calls) await assert.rejects(call(), { code: 'CANCELLED' });
  }),
  onFileStore('a stream that is given up in the middle does not keep the store from being closed', async ({ store, source, harness }) => {
    const { path, file } = await source({ bytes: manyBytes });
    await store.put(file, path);
    const other = await harness.join(store);
    const stream = await other.open(file, 0);
    stream.on('error', () => undefined);
    stream.destroy();
    const timer = AbortSignal.timeout(patienceMs);
    const late = new Promise<never>((_resolve, reject) => timer.addEventListener('abort', () => reject(new assert.AssertionError({ message: `Expected it to be closed within ${patienceMs} ms.` }))));
    await Promise.race([other[Symbol.asyncDispose](), late]);
  }),
];
