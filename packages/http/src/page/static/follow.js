import { askJson, errorInWords, Refusal, token } from './api.js';

/** Between two looks where events cannot be had. */
const lookMs = 1_000;

/**
 * @typedef {object} Follower
 * @property {(progress: { status: string; progress: number; phase: string; generation: number }) => void} onProgress
 * @property {(parts: readonly any[]) => void} onParts
 * @property {(job: any) => void} onEnd with the whole job
 * @property {(words: string) => void} onProblem when the job cannot be followed any more
 */

/**
 * Follows a job to its end. Returns how to stop.
 *
 * @param {string} id
 * @param {Follower} follower
 * @returns {() => void}
 */
export function follow(id, follower) {
  return token() === '' ? followEvents(id, follower) : followByLooking(id, follower);
}

/**
 * A lost connection is taken up again by the browser, which names the last event that it has seen.
 *
 * @param {string} id
 * @param {Follower} follower
 */
function followEvents(id, { onProgress, onParts, onEnd, onProblem }) {
  const source = new EventSource(`jobs/${id}/events`);
  const read = (/** @type {Event} */ event) => JSON.parse(/** @type {MessageEvent} */ (event).data);
  source.addEventListener('progress', (event) => onProgress(read(event)));
  source.addEventListener('parts', (event) => onParts(read(event).parts));
  source.addEventListener('end', (event) => {
    source.close();
    onEnd(read(event));
  });
  source.addEventListener('error', (event) => {
    // A lost connection has no data; a job that is gone does, and a refusal closes the source.
    if (event instanceof MessageEvent) onProblem(read(event).detail);
    else if (source.readyState === EventSource.CLOSED) onProblem('The job can no longer be followed; it may be gone.');
    else return;
    source.close();
  });
  return () => source.close();
}

/**
 * Events cannot be asked for with a token.
 *
 * @param {string} id
 * @param {Follower} follower
 */
function followByLooking(id, { onProgress, onEnd, onProblem }) {
  let timer = 0;
  let stopped = false;
  const look = async () => {
    try {
      const job = await askJson(`jobs/${id}`);
      if (stopped) return;
      if (hasEnded(job.status)) return onEnd(job);
      onProgress(job);
    } catch (error) {
      if (stopped) return;
      if (error instanceof Refusal && error.status < 500) return onProblem(errorInWords(error));
    }
    timer = setTimeout(look, lookMs);
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** @param {string} status */
export function hasEnded(status) {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
