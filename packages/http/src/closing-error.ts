import { MediaJobError } from '@media-jobs/foundation';

const retryAfterMs = 5_000;

/** Told to whoever wants something of a service that closes: another process, or the next, may take it. */
export function closingError(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected a service that takes work, got one that is closing.', advice: 'Try again in a moment.', retryAfterMs });
}
