import { addAbortSignal, Readable } from 'node:stream';
import { epochPlace, fileCall, fileMissing, folderOfKey, storedKey, storedPlace, filesUnavailable, type FileStore, type StoredFile, type StoredFolder } from '@media-jobs/core';
import { createLazyBucket, isNotFound, type LazyBucket, type OpenBucket } from './bucket.ts';
import { listNames, listObjects, listUploads } from './listing.ts';
import { resolveOptions, type S3FileStoreOptions } from './options.ts';
import { putFile } from './put-file.ts';
import { removeObjects } from './remove-objects.ts';

/**
 * A file store in a bucket of S3, or of a server that speaks its protocol. Nothing is connected, and the SDK is not loaded, before the first call. What
 * it needs the right to: `GetObject`, `PutObject`, `DeleteObject`, `AbortMultipartUpload`, `ListBucket`, `ListBucketMultipartUploads`. Throws `INVALID_OPTION`.
 */
export function createS3FileStore(options: S3FileStoreOptions): FileStore {
  const resolved = resolveOptions(options);
  const bucket = createLazyBucket(resolved);
  return {
    specVersion: 1,
    put: (file, path, { signal } = {}) => fileCall('store a file', signal, async () => {
      const key = storedKey(file);
      const open = await bucket.open();
      await putFile(open, open.prefix + key, file, path, { partBytes: resolved.partBytes, signal });
    }),
    open: (file, start, { signal } = {}) => fileCall('open a stored file', signal, async () => openObject(await bucket.open(), file, start, signal)),
    sizeOf: (file, { signal } = {}) => fileCall('look at a stored file', signal, async () => sizeOfObject(await bucket.open(), storedKey(file), signal)),
    epochs: ({ signal } = {}) => fileCall('list the epochs of stored files', signal, async () => listNames(await bucket.open(), 'jobs/', signal)),
    folders: (epoch, { signal } = {}) => foldersOf(bucket, `${epochPlace(epoch)}/`, signal),
    remove: (place, { signal } = {}) => fileCall('remove stored files', signal, async () => {
      const under = `${storedPlace(place)}/`;
      return removeObjects(await bucket.open(), under, signal);
    }),
    [Symbol.asyncDispose]: () => bucket.close(),
  };
}

async function openObject({ sdk, client, bucket, prefix }: OpenBucket, file: StoredFile, start: number, signal: AbortSignal | undefined): Promise<Readable> {
  const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: prefix + storedKey(file), ...(start === 0 ? {} : { Range: `bytes=${start}-` }) });
  const { Body, ContentRange } = await client.send(command, signal === undefined ? {} : { abortSignal: signal }).catch((error: unknown) => {
    throw isNotFound(error) ? fileMissing(file, error) : error;
  });
  if (!(Body instanceof Readable)) throw filesUnavailable('open a stored file', new Error('no body'));
  if (start > 0 && !(ContentRange ?? '').startsWith(`bytes ${start}-`)) {
    Body.destroy();
    throw filesUnavailable(`open a stored file from byte ${start} on`, new Error(`another range: ${ContentRange ?? 'the whole'}`));
  }
  return signal === undefined ? Body : addAbortSignal(signal, Body);
}

async function sizeOfObject({ sdk, client, bucket, prefix }: OpenBucket, key: string, signal: AbortSignal | undefined): Promise<number | null> {
  try {
    return (await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: prefix + key }), signal === undefined ? {} : { abortSignal: signal })).ContentLength ?? null;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Keys are listed in order, so those of a folder follow one another. Folders that hold only unfinished uploads come last. */
async function* foldersOf(bucket: LazyBucket, under: string, signal: AbortSignal | undefined): AsyncGenerator<StoredFolder> {
  const look = <Result>(act: () => Promise<Result>): Promise<Result> => fileCall('list the folders of stored files', signal, act);
  const open = await look(() => bucket.open());
  const unfinished = new Map<string, number>();
  for (const { key, begunAt } of await look(() => listUploads(open, under, signal))) note(unfinished, key, begunAt);
  const pages = listObjects(open, under, signal);
  let current = new Map<string, number>();
  for (;;) {
    const { done, value: page = [] } = await look(() => pages.next());
    for (const { key, modifiedAt } of page) note(current, key, modifiedAt);
    // The last folder of a page may go on in the next.
    const [last] = [...current].slice(-1);
    if (done !== true && last !== undefined) current.delete(last[0]);
    for (const [folder, modifiedAt] of current) {
      yield { folder, modifiedAt: Math.max(modifiedAt, unfinished.get(folder) ?? 0) };
      unfinished.delete(folder);
    }
    if (done === true) break;
    current = new Map(last === undefined ? [] : [last]);
  }
  for (const [folder, modifiedAt] of unfinished) yield { folder, modifiedAt };
}

function note(times: Map<string, number>, key: string, time: number): void {
  const folder = folderOfKey(key);
  if (folder !== null) times.set(folder, Math.max(times.get(folder) ?? 0, time));
}
