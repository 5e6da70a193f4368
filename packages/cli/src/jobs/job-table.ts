import type { JobRecord } from '@media-jobs/core';
import { printable } from '../printable.ts';
import { tableText, type Column } from '../table.ts';
import { ageText, durationText } from '../units.ts';

const tableWidth = 100;

/** As much of an id as a list shows: 50 bits, enough to name one of a million jobs again. */
const shownIdLength = 13;

const jobColumns: readonly Column[] = [
  { title: 'ID' }, { title: 'STATE' }, { title: 'OPERATION', leastWidth: 10 }, { title: 'INPUT', leastWidth: 12 }, { title: 'AGE' }, { title: 'TRIES' }, { title: 'DETAIL', leastWidth: 22 },
];

const deadLetterColumns: readonly Column[] = [
  { title: 'ID' }, { title: 'OPERATION', leastWidth: 10 }, { title: 'INPUT', leastWidth: 12 }, { title: 'ENDED' }, { title: 'TRIES' }, { title: 'LOST' }, { title: 'WHY' }, { title: 'ERROR', leastWidth: 22 },
];

/** A line for each job, at most 100 columns wide. */
export function jobTable(jobs: readonly JobRecord[], now: number): string {
  return tableText(jobColumns, jobs.map((job) => [shortId(job), job.state, printable(job.operation), inputName(job), ageText(now - job.createdAt), tries(job), detail(job, now)]), tableWidth);
}

/** A line for each dead letter, at most 100 columns wide. */
export function deadLetterTable(jobs: readonly JobRecord[], now: number): string {
  return tableText(deadLetterColumns, jobs.map((job) => [
    shortId(job), printable(job.operation), inputName(job), `${ageText(now - (job.endedAt ?? now))} ago`, tries(job), String(job.losses), job.deadLetter ?? '', printable(job.error?.code ?? ''),
  ]), tableWidth);
}

function shortId({ id }: JobRecord): string {
  return id.slice(0, shownIdLength);
}

/** The caller's name of the first input, and how many more there are. */
function inputName({ inputs }: JobRecord): string {
  const [first, ...more] = inputs;
  if (first === undefined) return '-';
  return printable(first.originalName) + (more.length === 0 ? '' : ` +${more.length}`);
}

function tries({ attempts, policy }: JobRecord): string {
  return `${attempts}/${policy.maxAttempts}`;
}

/** What one wants to know next about a job in its state. */
function detail(job: JobRecord, now: number): string {
  const { state, progress, phase, cancelRequested, error, deadLetter, retryAt, usage } = job;
  switch (state) {
    case 'queued':
      return cancelRequested ? 'to be cancelled' : 'waits for a worker';
    case 'running':
      return cancelRequested ? 'is being cancelled' : `${Math.floor(progress * 100)} % ${printable(phase)}`;
    case 'retrying':
      return `${error?.code ?? 'UNKNOWN'}, in ${ageText((retryAt ?? now) - now)}`;
    case 'failed':
      return `${error?.code ?? 'UNKNOWN'}${deadLetter === null ? '' : ', dead letter'}`;
    case 'completed':
      return usage === null ? '' : `took ${durationText(usage.wallMs)}`;
    case 'cancelled':
    case 'expiring':
      return '';
  }
}
