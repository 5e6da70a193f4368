import type { JobFilter, JobRecord } from '@media-jobs/core';
import type { CommandContext, Invocation } from '../command.ts';
import { jobSummary } from './job-shape.ts';
import { listJobs } from './list-jobs.ts';
import { findWorkPlace } from './work-place.ts';

/** Which jobs to list, and how. */
export interface PrintedList {
  readonly filter: JobFilter;
  readonly limit: number;
  readonly table: (jobs: readonly JobRecord[], now: number) => string;
  /** Said on stderr when there are none. */
  readonly none: string;
}

/** Prints the jobs as a table, or as one object with `--json`. */
export async function printJobs(invocation: Invocation, context: CommandContext, { filter, limit, table, none }: PrintedList): Promise<void> {
  const { stdout, stderr, clock, signal } = context;
  const place = await findWorkPlace(invocation, context);
  await using store = place.openStore();
  const { jobs, more } = await listJobs(store, filter, { limit, signal });
  if (invocation.isSet('json')) return stdout.write(`${JSON.stringify({ jobs: jobs.map(jobSummary), more }, null, 2)}\n`);
  if (jobs.length === 0) return stderr.write(`${none}\n`);
  await stdout.write(table(jobs, clock.now()));
  if (more) await stderr.write(`These are the newest ${jobs.length}; --limit shows more.\n`);
}
