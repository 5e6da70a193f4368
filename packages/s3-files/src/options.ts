import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { MediaJobError } from '@media-jobs/foundation';

/** Options of `createS3FileStore`. */
export interface S3FileStoreOptions {
  /** It exists, and is private. */
  readonly bucket: string;
  /** Before each key, such as `team/media`, so that a bucket can hold more than this. Letters, digits, `.`, `_`, `-`, with `/` in between. Default: none. */
  readonly prefix?: string;
  /** For a client of our own: `endpoint`, `region`, `credentials`, `forcePathStyle` and the like. What is not said the SDK finds, as in its environment variables. */
  readonly config?: S3ClientConfig;
  /** A client of yours instead; it stays open. */
  readonly client?: S3Client;
  /** Size of a part; larger files go up in several, two at a time, so three of these is what a file takes in memory. 5 to 5,120 MiB. Default 8. */
  readonly partMiB?: number;
}

/** The defaults of `createS3FileStore`. */
export const s3FileStoreDefaults = Object.freeze({ prefix: '', partMiB: 8 });

/** Options with every default filled in. */
export interface ResolvedS3FileStoreOptions {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly client: S3Client | undefined;
  readonly config: S3ClientConfig;
  readonly partBytes: number;
}

const mebibyte = 1024 * 1024;
/** What S3 itself takes. */
const [leastPartMiB, mostPartMiB] = [5, 5_120];

/**
 * What a client of ours begins with; `config` wins. Servers that only resemble S3 lack the checksums that the SDK adds by default, and every file is
 * held against its sha256 anyway. A server that is silent for half a minute is away.
 */
const clientDefaults: S3ClientConfig = {
  maxAttempts: 3,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  requestHandler: { connectionTimeout: 5_000, socketTimeout: 30_000 },
};

/** Fills in the defaults and checks each option, alone and together. Throws `INVALID_OPTION`. */
export function resolveOptions({ bucket, prefix = s3FileStoreDefaults.prefix, client, config, partMiB = s3FileStoreDefaults.partMiB }: S3FileStoreOptions): ResolvedS3FileStoreOptions {
  if (typeof bucket !== 'string' || bucket === '') throw refusal('bucket', 'the name of a bucket', bucket);
  if (prefix !== '' && !/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*\/?$/.test(prefix)) throw refusal('prefix', 'names with slashes between them', prefix);
  if (client !== undefined && config !== undefined) throw refusal('config', 'left out beside `client`', 'both');
  if (!(partMiB >= leastPartMiB && partMiB <= mostPartMiB)) throw refusal('partMiB', `from ${leastPartMiB} to ${mostPartMiB}`, partMiB);
  return Object.freeze({
    bucket, client,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    config: { ...clientDefaults, ...config },
    partBytes: Math.ceil(partMiB * mebibyte),
  });
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${option}\` to be ${expected}, got \`${String(value)}\`.`,
    advice: 'Correct the options of `createS3FileStore`; they are listed in the README of @media-jobs/s3-files.',
    facts: { option, value: String(value) },
  });
}
