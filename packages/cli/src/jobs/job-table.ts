import type { JobRecord } from '@media-jobs/core';
import { printable } from '../printable.ts';
import { tableText, type Column } from '../table.ts';
import { ageText, durationText } from '../units.ts';
import { workerOf } from './job-shape.ts';

const tableWidth = 100;

/** As much of an id as a list shows: 50 bits, enough to name one of a million jobs again. */
const shownIdLength = 13;

const jobColumns: readonly Column[] = [
  { title: 'ID' }, { title: 'STATE' }, { title: 'OPERATION', leastWidth: 10 }, { title: 'INPUT', leastWidth: 12 }, { title: 'AGE' }, { title: 'TRIES' }, { title: 'DETAIL', leastWidth: 22 },
];

const deadLetterColumns: readonly Column[] = [
  { title: 'ID' }, { title: 'OPERATION', leastWidth: 10 }, { title: 'INPUT', leastWidth: 12 }, { title: 'ENDED' }, { title: 'TRIES' }, { title: 'WHY' }, { title: 'ERROR', leastWidth: 22 },
];

/** A line for each job, at most 100 columns wide. */
export function jobTable(jobs: readonly JobRecord[], now: number): string {
  return tableText(jobColumns, jobs.map((job) => [shortId(job), job.state, printable(job.operation), inputName(job), ageText(now - job.createdAt), tries(job), detail(job, now)]), tableWidth);
}

/** A line for each dead letter, at most 100 columns wide. */
export function deadLetterTable(jobs: readonly JobRecord[], now: number): string {
  return tableText(deadLetterColumns, jobs.map((job) => [
    shortId(job), printable(job.operation), inputName(job), `${ageText(now - (job.endedAt ?? now))} ago`, tries(job), job.deadLetter ?? '', codeOf(job),
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

function codeOf({ error }: JobRecord): string {
  return printable(error?.code ?? 'UNKNOWN');
}

/** What one wants to know next about a job in its state. */
function detail(job: JobRecord, now: number): string {
  const { state, progress, phase, cancelRequested, deadLetter, retryAt, usage } = job;
  switch (state) {
    case 'queued':
      return 'waits for a worker';
    case 'running':
      if (workerOf(job)?.state === 'dead') return 'its worker is gone';
      return cancelRequested ? 'is being cancelled' : `${Math.floor(progress * 100)} % ${printable(phase)}`;
    case 'retrying':
      return `${codeOf(job)}, in ${ageText((retryAt ?? now) - now)}`;
    case 'failed':
      return `${codeOf(job)}${deadLetter === null ? '' : ', dead letter'}`;
    case 'completed':
      return usage === null ? '' : `took ${durationText(usage.wallMs)}`;
    case 'cancelled':
    case 'expiring':
      return '';
  }
}
