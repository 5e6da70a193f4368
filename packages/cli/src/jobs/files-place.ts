import { resolve } from 'node:path';
import { createFolderFileStore, type Environment, type FileStore } from '@media-jobs/core';
import type * as S3FilesPackage from '@media-jobs/s3-files';
import type { CommandOption, Invocation } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { notInstalled } from './redis-place.ts';

/** Of the commands that touch the files of jobs. */
export const filesOption: CommandOption = { name: 'files', value: 'PLACE', about: 'with --redis: machines without a common work folder share files there: a folder, or s3://BUCKET/PREFIX' };

/**
 * How to open the file store that `--files` names, or null without that option. Credentials and region of S3 are what its SDK finds in the environment.
 * Throws `INVALID_OPTION`, and `FILES_UNAVAILABLE` when the package for S3 is not installed.
 */
export async function fileStoreOf(invocation: Invocation, environment: Environment): Promise<(() => FileStore) | null> {
  const given = invocation.text('files');
  if (given === undefined) return null;
  if (invocation.text('redis') === undefined) throw usageError('Expected `--redis` beside `--files`, got none.');
  if (!given.startsWith('s3:')) return () => createFolderFileStore({ folder: resolve(given) });
  const [, bucket, prefix = ''] = /^s3:\/\/([^/?#]+)(?:\/([^?#]*))?$/.exec(given) ?? [];
  if (bucket === undefined) throw usageError(`Expected \`--files\` to be a folder or s3://BUCKET/PREFIX, got ${JSON.stringify(given)}.`);
  const { createS3FileStore } = await importS3Files();
  return () => createS3FileStore({ bucket, prefix, config: { forcePathStyle: hasOwnEndpoint(environment) } });
}

/** A server of one's own seldom has a name for each bucket. The SDK reads the same variables. */
function hasOwnEndpoint(environment: Environment): boolean {
  return ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'].some((name) => (environment[name] ?? '') !== '');
}

async function importS3Files(): Promise<typeof S3FilesPackage> {
  try {
    return await import('@media-jobs/s3-files');
  } catch (error) {
    throw notInstalled(error, 'FILES_UNAVAILABLE', '@media-jobs/s3-files');
  }
}
