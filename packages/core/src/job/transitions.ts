import { MediaJobError } from '@media-jobs/foundation';
import type { JobState } from './job.ts';

/** A place in a job's life: a stored state, or no record. */
export type JobPlace = JobState | 'absent' | 'gone';

/**
 * Every legal move: its name, where it may start, and where it leads. There is no other way to change a job's state; the
 * functions beside this file apply a move and ask this table first.
 *
 * - `create`, `restart`: a submit. A restart of an `expiring` job counts its generations from the start.
 * - `claim`, `beat`, `complete`, `retry`, `fail`, `cancel`, `release`: what a worker does under its claim.
 * - `request-cancel`: notes the wish on a running job; a waiting one is cancelled at once.
 * - `lapse`, `bury`: a claim whose lease has passed goes back in line, or is given up.
 * - `wake`: the time of a retrying job has come.
 * - `expire`, `purge`: the two phases of deletion; a take may be repeated after a crash.
 * - `redrive`: a failed job runs again with the input it has.
 */
export const moves = Object.freeze({
  create: { from: ['absent'], to: 'queued' },
  restart: { from: ['completed', 'failed', 'cancelled', 'expiring'], to: 'queued' },
  claim: { from: ['queued'], to: 'running' },
  beat: { from: ['running'], to: 'running' },
  complete: { from: ['running'], to: 'completed' },
  retry: { from: ['running'], to: 'retrying' },
  fail: { from: ['running'], to: 'failed' },
  cancel: { from: ['queued', 'running', 'retrying'], to: 'cancelled' },
  'request-cancel': { from: ['running'], to: 'running' },
  release: { from: ['running'], to: 'queued' },
  lapse: { from: ['running'], to: 'queued' },
  bury: { from: ['running'], to: 'failed' },
  wake: { from: ['retrying'], to: 'queued' },
  expire: { from: ['completed', 'failed', 'cancelled', 'expiring'], to: 'expiring' },
  purge: { from: ['expiring'], to: 'gone' },
  redrive: { from: ['failed'], to: 'queued' },
} as const satisfies Readonly<Record<string, { readonly from: readonly JobPlace[]; readonly to: JobPlace }>>);

/** The name of a legal move. */
export type Move = keyof typeof moves;

/** Whether a job in this place can make the move. */
export function isLegalMove(from: JobPlace, move: Move): boolean {
  return (moves[move].from as readonly JobPlace[]).includes(from);
}

/** Where a move leads. Throws `ILLEGAL_MOVE` when a job in this place cannot make it. */
export function destination<Name extends Move>(from: JobPlace, move: Name): (typeof moves)[Name]['to'] {
  if (!isLegalMove(from, move)) {
    throw new MediaJobError('ILLEGAL_MOVE', {
      message: `Expected a job that is ${moves[move].from.join(' or ')} for the move \`${move}\`, got one that is ${from}.`,
      advice: 'Read the job again: it has moved on.',
      facts: { move, from },
    });
  }
  return moves[move].to;
}
