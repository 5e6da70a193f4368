import { MediaJobError } from '@media-jobs/foundation';

/** What every call throws after disposal. */
export function closedError(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected an open queue, got one that was closed.', advice: 'Create a new one on the same Redis: nothing is lost.' });
}

/** The error of ours that an error of BullMQ, of the client or of Redis stands for. */
export function queueError(error: unknown): MediaJobError {
  if (MediaJobError.isInstance(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MediaJobError('QUEUE_UNAVAILABLE', {
    message: `Expected the queue's Redis to answer, got: ${message}`,
    advice: 'Start Redis or check the address; the queue reconnects by itself, and the store keeps the jobs meanwhile.',
    cause: error,
  });
}
