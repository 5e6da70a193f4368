import type { JobRecord, JobStore } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { listJobs } from './list-jobs.ts';

const idStart = 'mj_';
const idLength = 29;

/** Fewer characters after `mj_` would name whichever job happens to be the only one. */
const leastCharacters = 4;

/**
 * The job of this id, or the only one whose id begins so; `mj_` may be left out. Throws `JOB_NOT_FOUND`, and
 * `INVALID_OPTION` for a beginning that is too short or that several ids share.
 */
export async function findJob(store: Pick<JobStore, 'get' | 'list'>, given: string, signal: AbortSignal): Promise<JobRecord> {
  const beginning = given.startsWith(idStart) ? given : idStart + given;
  if (beginning.length < idStart.length + leastCharacters) {
    throw new MediaJobError('INVALID_OPTION', { message: `Expected at least ${leastCharacters} characters of an id after \`mj_\`, got ${JSON.stringify(given)}.`, advice: 'Run `media-jobs jobs` for the ids.' });
  }
  if (beginning.length >= idLength) return (await store.get(beginning)) ?? fail(notFound(given));
  const { jobs } = await listJobs(store, {}, { limit: Infinity, signal });
  const found = jobs.filter(({ id }) => id.startsWith(beginning));
  if (found.length > 1) throw ambiguous(given, found.map(({ id }) => id));
  return found[0] ?? fail(notFound(given));
}

function fail(error: MediaJobError): never {
  throw error;
}

function notFound(given: string): MediaJobError {
  return new MediaJobError('JOB_NOT_FOUND', {
    message: `Expected the id of a job or the beginning of one, got ${JSON.stringify(given)}, which no job here has.`,
    advice: 'It may have reached its time to live, or lie in another work folder; `media-jobs jobs` lists what is here.',
    facts: { jobId: given },
  });
}

function ambiguous(given: string, ids: readonly string[]): MediaJobError {
  const shown = ids.slice(0, 3).join(', ');
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected the beginning of one id, got ${JSON.stringify(given)}, with which ${ids.length} begin (${shown}${ids.length > 3 ? ', …' : ''}).`,
    advice: 'Give more characters of it.',
    facts: { ids: ids.slice(0, 20) },
  });
}
