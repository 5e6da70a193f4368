import { MediaJobError } from '@media-jobs/foundation';

/** The `code` of a system error, such as `ENOENT`; empty for anything else. */
export function systemCode(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

/** Whether the disk, or the user's quota of it, is used up. */
export function isDiskFull(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** A `DISK_FULL` for a write to `path` that failed with `cause`. */
export function diskFullError(path: string, cause: unknown): MediaJobError {
  return new MediaJobError('DISK_FULL', {
    message: `Expected room on the disk for ${JSON.stringify(path)}, got ${systemCode(cause)}.`,
    advice: 'Free some space on that disk, or choose a folder on another one.',
    facts: { path, systemCode: systemCode(cause) },
    cause,
  });
}

/** What a failed write to `path` is called: `DISK_FULL`, or `OUTPUT_UNWRITABLE`. Other `MediaJobError`s pass as they are. */
export function writeError(path: string, cause: unknown): MediaJobError {
  if (MediaJobError.isInstance(cause)) return cause;
  if (isDiskFull(cause)) return diskFullError(path, cause);
  if (systemCode(cause) === '') return MediaJobError.from(cause);
  return new MediaJobError('OUTPUT_UNWRITABLE', {
    message: `Expected to be able to write ${JSON.stringify(path)}, got ${systemCode(cause)}.`,
    advice: 'Make sure that the folder exists and that this user may write to it.',
    facts: { path, systemCode: systemCode(cause) },
    cause,
  });
}

/** A `CLEANUP_FAILED` for something at `path` that could not be removed. */
export function cleanupError(path: string, cause: unknown): MediaJobError {
  if (MediaJobError.isInstance(cause)) return cause;
  const reason = systemCode(cause) === '' ? String(cause) : systemCode(cause);
  return new MediaJobError('CLEANUP_FAILED', {
    message: `Expected to remove ${JSON.stringify(path)}, got ${reason}.`,
    advice: 'It stays in the ledger where there is one, and the next sweep tries again; else remove it by hand.',
    facts: { path, reason },
    cause,
  });
}
