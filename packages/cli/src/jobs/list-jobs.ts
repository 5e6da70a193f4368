import { jobStates, maxPageLimit, type JobFilter, type JobRecord, type JobState, type JobStore } from '@media-jobs/core';
import type { Invocation } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** The jobs of a filter, newest first. */
export interface ListedJobs {
  readonly jobs: readonly JobRecord[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

/** Reads page after page until there are `limit` jobs, or all. Rejects with the signal's reason when it aborts in between. */
export async function listJobs(store: Pick<JobStore, 'list'>, filter: JobFilter, { limit, signal }: { readonly limit: number; readonly signal: AbortSignal }): Promise<ListedJobs> {
  const jobs: JobRecord[] = [];
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await store.list(filter, { limit: Math.min(maxPageLimit, limit - jobs.length), ...(cursor === undefined ? {} : { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined && jobs.length < limit);
  return { jobs, more: cursor !== undefined };
}

/** Jobs that a list shows when nothing else is asked for. */
export const defaultLimit = 50;

/** What `--limit` says. Throws `INVALID_OPTION`. */
export function limitOf(invocation: Invocation, command: string): number {
  const text = invocation.text('limit');
  if (text === undefined) return defaultLimit;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit > 0) return limit;
  throw usageError(`Expected \`--limit\` to be a whole number of at least 1, got ${JSON.stringify(text)}.`, command);
}

/** What `--status` and `--operation` say. Throws `INVALID_OPTION` for what is no state. */
export function filterOf(invocation: Invocation, command: string): JobFilter {
  const [state, operation] = [invocation.text('status'), invocation.text('operation')];
  if (state !== undefined && !isState(state)) throw usageError(`Expected \`--status\` to be one of ${jobStates.join(', ')}, got ${JSON.stringify(state)}.`, command);
  return { ...(state === undefined ? {} : { states: [state] }), ...(operation === undefined ? {} : { operation }) };
}

function isState(text: string): text is JobState {
  return jobStates.some((state) => state === text);
}
