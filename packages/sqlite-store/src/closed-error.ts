import { MediaJobError } from '@media-jobs/foundation';

/** What every method throws after disposal. */
export function closedError(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected an open store, got one that was disposed.', advice: 'Create a new store on the same file: nothing is lost.' });
}
