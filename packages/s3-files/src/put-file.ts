import type { CompletedPart } from '@aws-sdk/client-s3';
import type { StoredFile } from '@media-jobs/core';
import { isUploadGone, type OpenBucket } from './bucket.ts';
import { readParts } from './read-parts.ts';

/** S3 takes no more. */
const mostParts = 10_000;
/** Parts on their way at a time: one is read while the other is sent. */
const atOnce = 2;
/** An upload that failed is ended within this time, or by a later sweep. */
const abortPatienceMs = 10_000;

export interface PutOptions {
  readonly partBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Sends a file up: a small one in one request, a larger one in parts. An upload in parts that fails is ended at the server as well. */
export async function putFile(open: OpenBucket, key: string, file: StoredFile, path: string, { partBytes: wanted, signal }: PutOptions): Promise<void> {
  const { sdk, client, bucket } = open;
  const partBytes = Math.max(wanted, Math.ceil(file.bytes / mostParts));
  const parts = readParts(path, file, partBytes);
  if (file.bytes > partBytes) return putParts(open, key, parts, signal);
  for await (const { body } of parts) await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentLength: body.length }), abortOf(signal));
}

/** Not the SDK's own `lib-storage`: when it is aborted it lets go at once, while parts are still sent and the upload is still open. */
async function putParts(open: OpenBucket, key: string, parts: ReturnType<typeof readParts>, signal: AbortSignal | undefined): Promise<void> {
  const { sdk, client, bucket } = open;
  const at = { Bucket: bucket, Key: key };
  // Not aborted: the server may have begun it, and only its answer says how to end it.
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(at));
  const upload = { ...at, UploadId };
  const failed = new AbortController();
  const until = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  const done: CompletedPart[] = [];
  const sendFrom = async (): Promise<void> => {
    for await (const { number, body } of { [Symbol.asyncIterator]: () => ({ next: () => parts.next() }) }) {
      until.throwIfAborted();
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...upload, PartNumber: number, Body: body, ContentLength: body.length }), { abortSignal: until });
      done.push({ PartNumber: number, ...(ETag === undefined ? {} : { ETag }) });
    }
  };
  try {
    await allOrNone(Array.from({ length: atOnce }, sendFrom), (reason) => failed.abort(reason));
    const Parts = done.toSorted((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
    await client.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), abortOf(signal));
  } catch (error) {
    await parts.return(undefined);
    await abortUpload(open, upload).catch(() => undefined);
    throw error;
  }
}

/** Settles when all have, with the first failure; the others are told of it at once. */
async function allOrNone(works: readonly Promise<void>[], onFailure: (reason: unknown) => void): Promise<void> {
  let first: { readonly reason: unknown } | undefined;
  await Promise.all(works.map((work) => work.catch((reason: unknown) => {
    first ??= { reason };
    onFailure(reason);
  })));
  if (first !== undefined) throw first.reason;
}

/** Ends an upload and frees its parts; one that is gone already is fine. */
export async function abortUpload({ sdk, client }: OpenBucket, upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined }, abortSignal: AbortSignal = AbortSignal.timeout(abortPatienceMs)): Promise<void> {
  try {
    await client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal });
  } catch (error) {
    if (!isUploadGone(error)) throw error;
  }
}

function abortOf(abortSignal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return abortSignal === undefined ? {} : { abortSignal };
}
