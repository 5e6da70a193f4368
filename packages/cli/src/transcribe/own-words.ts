import { MediaJobError } from '@media-jobs/foundation';

/**
 * An error about the job's copy of the input, in words about the file that the user named: nobody knows the copy.
 * Any other error is returned as it is.
 */
export function aboutFile(thrown: unknown, file: string, workFolder: string): MediaJobError {
  const error = MediaJobError.from(thrown);
  const copy = error.facts['path'];
  if (typeof copy !== 'string' || !copy.startsWith(`${workFolder}/jobs/`)) return error;
  const message = error.message.replaceAll(JSON.stringify(copy), JSON.stringify(file)).replaceAll(copy, file);
  return new MediaJobError(error.code, { message, ...(error.advice === undefined ? {} : { advice: error.advice }), facts: error.facts, cause: error });
}
