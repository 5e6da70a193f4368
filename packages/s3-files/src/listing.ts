import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { OpenBucket } from './bucket.ts';

/** One object of a listing. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: number;
}

/** One upload in parts that was begun and not ended. */
export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly begunAt: number;
}

/** The pages of a listing below this beginning, of up to 1,000 keys each. */
async function* listPages({ sdk, client, bucket, prefix }: OpenBucket, under: string, more: { readonly Delimiter?: string }, abortSignal: AbortSignal | undefined): AsyncGenerator<ListObjectsV2CommandOutput> {
  for (let ContinuationToken: string | undefined; ; ) {
    const page = await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix + under, ...more, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) }), abortSignal === undefined ? {} : { abortSignal });
    yield page;
    ContinuationToken = page.NextContinuationToken;
    if (page.IsTruncated !== true || ContinuationToken === undefined) return;
  }
}

/** The objects whose keys begin so, in pages of up to 1,000, in the order of their keys. The prefix of the bucket is left out of the keys. */
export async function* listObjects(open: OpenBucket, under: string, abortSignal?: AbortSignal): AsyncGenerator<readonly ListedObject[]> {
  for await (const { Contents = [] } of listPages(open, under, {}, abortSignal)) {
    yield Contents.map(({ Key = '', Size = 0, LastModified }) => ({ key: Key.slice(open.prefix.length), bytes: Size, modifiedAt: LastModified?.getTime() ?? 0 }));
  }
}

/** The unfinished uploads whose keys begin so. A server that knows none, as some do that resemble S3, has none. */
export async function listUploads({ sdk, client, bucket, prefix }: OpenBucket, under: string, abortSignal?: AbortSignal): Promise<readonly ListedUpload[]> {
  const uploads: ListedUpload[] = [];
  for (let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}; marker !== undefined; ) {
    const page: Page = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix + under, ...marker }), abortSignal === undefined ? {} : { abortSignal });
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) uploads.push({ key: Key.slice(prefix.length), uploadId: UploadId, begunAt: Initiated?.getTime() ?? 0 });
    const { NextKeyMarker, NextUploadIdMarker } = page;
    marker = page.IsTruncated === true && NextKeyMarker !== undefined ? { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }) } : undefined;
  }
  return uploads;
}

interface Page {
  readonly IsTruncated?: boolean | undefined;
  readonly NextKeyMarker?: string | undefined;
  readonly NextUploadIdMarker?: string | undefined;
  readonly Uploads?: readonly { readonly Key?: string | undefined; readonly UploadId?: string | undefined; readonly Initiated?: Date | undefined }[] | undefined;
}

/** The names that follow directly after this beginning, up to the next slash, of objects and unfinished uploads. */
export async function listNames(open: OpenBucket, under: string, abortSignal?: AbortSignal): Promise<readonly string[]> {
  const names = new Set((await listUploads(open, under, abortSignal)).map(({ key }) => key.slice(under.length).split('/')[0] ?? ''));
  for await (const { CommonPrefixes = [] } of listPages(open, under, { Delimiter: '/' }, abortSignal)) {
    for (const { Prefix = '' } of CommonPrefixes) names.add(Prefix.slice(open.prefix.length + under.length).replace(/\/$/, ''));
  }
  return [...names];
}
