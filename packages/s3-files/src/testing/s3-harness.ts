import { CreateBucketCommand, CreateMultipartUploadCommand, ListObjectsV2Command, S3Client, UploadPartCommand, type S3ClientConfig } from '@aws-sdk/client-s3';
import { readFile } from 'node:fs/promises';
import { newToken, storedKey, type FileStore } from '@media-jobs/core';
import type { FileStoreHarness } from '@media-jobs/core/conformance';
import { createS3FileStore, type S3FileStoreOptions } from '@media-jobs/s3-files';

/** How the test server is reached: it takes any credentials. */
export function configFor(url: string): S3ClientConfig {
  return { endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

/** Makes a bucket of a name of its own. */
export async function createBucket(url: string): Promise<string> {
  const client = new S3Client(configFor(url));
  const name = `bucket-${newToken()}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  return name;
}

/** All keys that begin so, as the server lists them: up to 1,000. */
export async function keysIn(url: string, bucket: string, prefix: string): Promise<string[]> {
  const client = new S3Client(configFor(url));
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  client.destroy();
  return Contents.map(({ Key = '' }) => Key);
}

/** File stores in buckets of their own, or below a prefix of their own in one bucket. */
export function s3Harness(url: string, { prefixed }: { readonly prefixed: boolean }): FileStoreHarness {
  const places = new WeakMap<FileStore, S3FileStoreOptions>();
  const openIn = (options: S3FileStoreOptions): FileStore => {
    const store = createS3FileStore(options);
    places.set(store, options);
    return store;
  };
  let shared: Promise<string> | undefined;
  return {
    async create() {
      const bucket = await (prefixed ? (shared ??= createBucket(url)) : createBucket(url));
      return openIn({ bucket, config: configFor(url), ...(prefixed ? { prefix: `team.one/${newToken()}` } : {}) });
    },
    join: (store) => openIn(places.get(store) as S3FileStoreOptions),
    async leaveUnfinished(store, file, path) {
      const { bucket, prefix } = places.get(store) as S3FileStoreOptions;
      const at = { Bucket: bucket, Key: (prefix === undefined ? '' : `${prefix}/`) + storedKey(file) };
      const client = new S3Client(configFor(url));
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
      await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: (await readFile(path)).subarray(0, 5 * 1024 * 1024) }));
      client.destroy();
    },
  };
}
