import type { ReleaseReceipt } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { isProcessGone, type ProcessMark } from './process-mark.ts';

export interface ReleaseFacts {
  readonly mark: ProcessMark;
  /** Milliseconds since 1970. */
  readonly exitedAt: number;
  readonly peakRssBytes: number | null;
}

/**
 * The receipt of a process that has ended. Everything that it held, on the processor and on the graphics card, went back
 * with it; nothing that an engine says about itself proves as much. Throws `RELEASE_UNPROVEN` when it is still there.
 */
export function proveRelease({ mark, exitedAt, peakRssBytes }: ReleaseFacts): ReleaseReceipt {
  if (!isProcessGone(mark)) {
    throw new MediaJobError('RELEASE_UNPROVEN', {
      message: `Expected the engine process ${mark.pid} to be gone, but its pid is still in use.`,
      advice: 'Look at the process with ps; one in state D hangs in a driver or a network disk.',
      facts: { pid: mark.pid, peakRssBytes },
    });
  }
  return Object.freeze({ pid: mark.pid, exitedAt, peakRssBytes, gpu: null, proof: 'process-gone' });
}
