import { MediaJobError } from '@media-jobs/foundation';
import type { StoredFile } from '../ports/file-store.ts';

const name = '[A-Za-z0-9_-]{1,64}';
const folderPattern = new RegExp(`^jobs/(${name})/${name}/${name}$`);
const epochPattern = new RegExp(`^jobs/(${name})$`);

/**
 * The key of a file: its folder, then its digest. It has no other letters than those of ids. For adapters of `FileStore`. Throws
 * `INVALID_OPTION` for a folder or digest of another form, so that no adapter is led out of its place.
 */
export function storedKey({ folder, sha256 }: Pick<StoredFile, 'folder' | 'sha256'>): string {
  if (!folderPattern.test(folder)) throw refusal('folder', 'jobs/<epoch>/<job id>/<token>', folder);
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw refusal('sha256', '64 hexadecimal digits in lower case', sha256);
  return `${folder}/${sha256}`;
}

/** The place that `remove` is given, as it stands. For adapters of `FileStore`. Throws `INVALID_OPTION`. */
export function storedPlace(place: string): string {
  if (folderPattern.test(place) || epochPattern.test(place)) return place;
  throw refusal('place', 'jobs/<epoch> or jobs/<epoch>/<job id>/<token>', place);
}

/** The place of an epoch. For adapters of `FileStore`. Throws `INVALID_OPTION`. */
export function epochPlace(epoch: string): string {
  return storedPlace(`jobs/${epoch}`);
}

/** The folder of a key; null for one that is none of ours. For adapters of `FileStore`. */
export function folderOfKey(key: string): string | null {
  const folder = key.slice(0, key.lastIndexOf('/'));
  return folderPattern.test(folder) ? folder : null;
}

function refusal(option: string, expected: string, value: string): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${option}\` to be ${expected}, got ${JSON.stringify(value)}.`,
    advice: 'Name files as records name them.',
    facts: { option, value },
  });
}
