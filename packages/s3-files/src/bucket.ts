import type { S3Client } from '@aws-sdk/client-s3';
import type * as S3Package from '@aws-sdk/client-s3';
import type { ResolvedS3FileStoreOptions } from './options.ts';

/** The SDK, loaded, and a client for one bucket. */
export interface OpenBucket {
  readonly sdk: typeof S3Package;
  readonly client: S3Client;
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

/** A bucket whose SDK is loaded with the first call: who stores nothing pays nothing. */
export interface LazyBucket {
  open(): Promise<OpenBucket>;
  /** Ends a client of ours, and what it still transfers. */
  close(): Promise<void>;
}

export function createLazyBucket({ bucket, prefix, client: given, config }: ResolvedS3FileStoreOptions): LazyBucket {
  let opened: Promise<OpenBucket> | undefined;
  const load = async (): Promise<OpenBucket> => {
    const sdk = await import('@aws-sdk/client-s3');
    return { sdk, bucket, prefix, client: given ?? new sdk.S3Client(config) };
  };
  return {
    open: () => (opened ??= load()),
    async close() {
      if (given === undefined) (await opened)?.client.destroy();
    },
  };
}

/** Whether the server says that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  return name === 'NoSuchKey' || name === 'NotFound';
}

/** Whether an upload in parts was ended by somebody else. */
export function isUploadGone(error: unknown): boolean {
  return ((error ?? {}) as { readonly name?: unknown }).name === 'NoSuchUpload';
}
