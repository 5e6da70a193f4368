import { filesUnavailable, type RemovedFiles } from '@media-jobs/core';
import type { OpenBucket } from './bucket.ts';
import { listObjects, listUploads } from './listing.ts';
import { abortUpload } from './put-file.ts';

/** Removes the objects whose keys begin so, a page at a time, and ends the uploads that would become such. */
export async function removeObjects(open: OpenBucket, under: string, signal: AbortSignal | undefined): Promise<RemovedFiles> {
  const { sdk, client, bucket, prefix } = open;
  const sum = { files: 0, bytes: 0 };
  // Uploads first: one that ends in between is an object by the time they are listed.
  for (const { key, uploadId } of await listUploads(open, under, signal)) await abortUpload(open, { Bucket: bucket, Key: prefix + key, UploadId: uploadId }, signal);
  for await (const page of listObjects(open, under, signal)) {
    if (page.length === 0) continue;
    const Objects = page.map(({ key }) => ({ Key: prefix + key }));
    const { Errors: [first] = [] } = await client.send(new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }), signal === undefined ? {} : { abortSignal: signal });
    if (first !== undefined) throw filesUnavailable(`remove ${first.Key ?? 'an object'}`, new Error(first.Message ?? first.Code ?? 'an error'));
    sum.files += page.length;
    sum.bytes += page.reduce((bytes, each) => bytes + each.bytes, 0);
  }
  return sum;
}
