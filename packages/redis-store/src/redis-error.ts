import { MediaJobError } from '@media-jobs/foundation';

/** What every method throws after disposal. */
export function closedError(): MediaJobError {
  return new MediaJobError('CLOSED', { message: 'Expected an open store, got one that was disposed.', advice: 'Create a new store on the same Redis: nothing is lost.' });
}

/** What Redis says of itself when it cannot serve now, by the first word of its answer, and what to do about it. */
const unavailable: Readonly<Record<string, string>> = {
  LOADING: 'Wait: Redis is reading its data from the disk.',
  BUSY: 'A script of somebody else blocks Redis; wait, or end it with SCRIPT KILL.',
  READONLY: 'The client is connected to a replica: give the address of the master, or wait for the failover to end.',
  MASTERDOWN: 'Wait for the failover to end.',
  CLUSTERDOWN: 'Wait until the cluster has all its slots again.',
  TRYAGAIN: 'Wait: the slot of the store is being moved.',
  MOVED: 'Wait: the slot of the store has moved to another node, which the client is told.',
  ASK: 'Wait: the slot of the store is being moved.',
  NOREPLICAS: 'Bring the replicas back, or lower `min-replicas-to-write` of Redis.',
  MISCONF: 'Redis cannot write to its disk: look at its log, and make room.',
  OOM: 'Redis has reached `maxmemory`: raise it, or shorten the time to live of jobs.',
  UNBLOCKED: 'Wait for the failover to end.',
};

/** Answers that will be the same next time. */
const refused: Readonly<Record<string, string>> = {
  NOAUTH: 'Give the password in the URL of Redis.',
  WRONGPASS: 'Check user and password in the URL of Redis.',
  NOPERM: 'Allow this user EVALSHA, EVAL, and the commands of hashes, strings, sorted sets and streams.',
  WRONGTYPE: 'Another program writes under the same prefix: give this store one of its own.',
};

/** Whether a node of a cluster says that another one serves the slot now. */
export function hasMoved(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('MOVED ');
}

/** The error of ours that an error of the client or of Redis stands for. */
export function storeError(error: unknown): MediaJobError {
  if (MediaJobError.isInstance(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const word = /\b([A-Z]{3,})\b/.exec(message)?.[1] ?? '';
  const isReply = error instanceof Error && error.name === 'ReplyError';
  const permanent = isReply ? refused[word] : undefined;
  if (permanent !== undefined) return new MediaJobError('STORE_INCOMPATIBLE', { message: `Expected Redis to serve the job store, got: ${message}`, advice: permanent, cause: error });
  if (isReply && unavailable[word] === undefined) return new MediaJobError('UNKNOWN', { message: `Expected Redis to take the command, got: ${message}`, advice: 'Report this with the version of Redis.', cause: error });
  return new MediaJobError('STORE_UNAVAILABLE', {
    message: `Expected Redis to answer, got: ${message}`,
    advice: unavailable[word] ?? 'Start Redis or check the address; the store reconnects by itself.',
    cause: error,
  });
}
