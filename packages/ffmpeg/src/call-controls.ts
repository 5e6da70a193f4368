import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';

/** Throws when the caller has aborted: the reason itself when it is a `MediaJobError`, else `ABORTED`. */
export function throwIfAborted({ signal, kill }: Pick<ProcessControls, 'signal' | 'kill'>): void {
  const aborted = [kill, signal].find((control) => control?.aborted === true);
  if (aborted === undefined) return;
  if (MediaJobError.isInstance(aborted.reason)) throw aborted.reason;
  throw new MediaJobError('ABORTED', { message: 'The media work was ended because the caller aborted.', cause: aborted.reason });
}

/** The controls alone: a caller's other options are not for the program that is started. */
export function onlyControls({ signal, kill, onUsage, logger }: ProcessControls): ProcessControls {
  return { ...(signal && { signal }), ...(kill && { kill }), ...(onUsage && { onUsage }), ...(logger && { logger }) };
}
