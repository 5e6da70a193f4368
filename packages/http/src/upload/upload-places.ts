import { MediaJobError } from '@media-jobs/foundation';

/** Bounds how many uploads come in at a time: each takes a file and a connection. */
export interface UploadPlaces {
  /** Throws `QUEUE_FULL` when all are taken. */
  take(): Disposable;
}

const retryAfterMs = 1_000;

/** Makes the places of one service. */
export function createUploadPlaces(count: number): UploadPlaces {
  let taken = 0;
  return {
    take() {
      if (taken >= count) {
        throw new MediaJobError('QUEUE_FULL', { message: `Expected fewer than ${count} uploads at a time, got one more.`, advice: 'Try again when others have ended, or raise `maxUploads`.', facts: { limit: count }, retryAfterMs });
      }
      taken += 1;
      return { [Symbol.dispose]: () => void (taken -= 1) };
    },
  };
}
