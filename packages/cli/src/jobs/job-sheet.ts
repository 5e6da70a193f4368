import { inspect } from 'node:util';
import { maxHistory, type AttemptNote, type JobRecord, type JobUsage } from '@media-jobs/core';
import { printable } from '../printable.ts';
import { labelledLines } from '../table.ts';
import { ageText, bytesText, countText, durationText, timeText } from '../units.ts';
import { jobDetail, pidOf, workerOf } from './job-shape.ts';

type Row = readonly [label: string, text: string];

/** All that is known of a job, for people. `workFolder` is where its files lie. */
export function jobSheet(record: JobRecord, { workFolder, now }: { readonly workFolder: string; readonly now: number }): string {
  const parts = [
    [...labelledLines([...subject(record, workFolder), ...budget(record), ...times(record, now)])],
    errorLines(record),
    fileLines(record, workFolder),
    ...record.history.map((note, index) => attemptLines(note, index, record.history.length)),
  ];
  return `${parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function subject(record: JobRecord, workFolder: string): Row[] {
  const { id, operation, operationVersion, options, namespace, correlationId, priority, generation } = record;
  const inputs = jobDetail(record, workFolder).inputs.map(({ name, bytes, path }) => `${printable(name)}, ${bytesText(bytes)}${path === null ? '' : `\n${printable(path)}`}`);
  return [
    ['job', id],
    ['state', stateText(record)],
    ['operation', `${printable(operation)}, version ${operationVersion}`],
    ...(inputs.length === 0 ? [] : [['input', inputs.join('\n')] as const]),
    ['options', printable(JSON.stringify(options))],
    ...(namespace === '' ? [] : [['namespace', printable(namespace)] as const]),
    ...(correlationId === null ? [] : [['correlation', printable(correlationId)] as const]),
    ...(priority === 0 ? [] : [['priority', String(priority)] as const]),
    ...(generation === 1 ? [] : [['generation', `${generation}, after ${countText(generation - 1, 'earlier run')}`] as const]),
  ];
}

function stateText(record: JobRecord): string {
  const { state, progress, phase, cancelRequested, deadLetter } = record;
  if (deadLetter !== null) return `${state}, a dead letter (${deadLetter})`;
  if (state !== 'running') return state;
  return `running, ${Math.floor(progress * 100)} % (${printable(phase)})${cancelRequested ? ', is being cancelled' : ''}`;
}

function budget({ attempts, refunds, losses, policy, usage }: JobRecord): Row[] {
  const more = [...(refunds === 0 ? [] : [`${refunds} more not charged`]), ...(losses === 0 ? [] : [`${losses} of at most ${policy.maxLosses} lost with their worker`])];
  return [
    ['attempts', [`${attempts} of at most ${policy.maxAttempts}`, ...more].join(', ')],
    ...(usage === null ? [] : [['cost', costText(usage)] as const]),
  ];
}

/** Processor and memory are sampled: work that was over before the first look has neither. */
function costText({ wallMs, waitingMs, cpuMs, peakRssBytes }: JobUsage): string {
  const sampled = peakRssBytes === 0 ? [] : [`${durationText(cpuMs)} of processor`, `${bytesText(peakRssBytes)} of memory`];
  return [`${durationText(wallMs)} of work`, `${durationText(waitingMs)} in line`, ...sampled].join(', ');
}

function times(record: JobRecord, now: number): Row[] {
  const { createdAt, queuedAt, startedAt, retryAt, endedAt, expiresAt, policy } = record;
  const row = (label: string, time: number | null): Row[] => (time === null ? [] : [[label, `${timeText(time)}, ${time > now ? `in ${ageText(time - now)}` : `${ageText(now - time)} ago`}`]]);
  const worker = workerOf(record);
  return [
    ...row('created', createdAt),
    ...(queuedAt === createdAt ? [] : row('queued', queuedAt)),
    ...row('started', startedAt),
    ...(worker === null || record.claim === null ? [] : [['worker', `${processText(worker.owner)}${worker.state === 'dead' ? ', which is gone' : ''}, has it until ${timeText(record.claim.leaseUntil)} unless it beats again`] as const]),
    ...row('next try', retryAt),
    ...row('ended', endedAt),
    ...(expiresAt === null ? [['kept', `${durationText(policy.ttlMs)} after its end`] as const] : row('expires', expiresAt)),
  ];
}

function processText(owner: string): string {
  const pid = pidOf(owner);
  return pid === null ? printable(owner) : `process ${pid}`;
}

function errorLines({ error, state }: JobRecord): string[] {
  if (error === null) return [];
  const { code, message, advice, facts = {}, causes = [] } = error;
  return labelledLines([
    [state === 'failed' ? 'error' : 'last error', `${printable(code)} (${error.class})`],
    ['', printable(message)],
    ...(advice === undefined ? [] : [['advice', printable(advice)] as const]),
    ...Object.entries(facts).map(([name, value]) => [printable(name), factText(value)] as const),
    ...causes.map((cause) => ['cause', printable(cause)] as const),
  ]);
}

/** A text of several lines, such as the last words of a program, keeps them. */
function factText(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 3, breakLength: Infinity });
  return text.trimEnd().split('\n').map(printable).join('\n');
}

function fileLines(record: JobRecord, workFolder: string): string[] {
  const { files } = jobDetail(record, workFolder);
  return files.length === 0 ? [] : labelledLines(files.map(({ path, bytes }, index) => [index === 0 ? 'files' : '', `${printable(path)}, ${bytesText(bytes)}`]));
}

function attemptLines({ owner, startedAt, endedAt, ended, error, logTail }: AttemptNote, index: number, count: number): string[] {
  return [
    `attempt ${index + 1} of ${count === maxHistory ? `the last ${maxHistory}` : count}: ${endings[ended]}`,
    `  ${timeText(startedAt)}, ${durationText(endedAt - startedAt)}, ${processText(owner)}`,
    ...(error === null ? [] : [`  ${printable(`${error.code}: ${error.message}`)}`]),
    ...logTail.map((line) => `  | ${printable(line)}`),
  ];
}

const endings: Readonly<Record<AttemptNote['ended'], string>> = {
  completed: 'completed', retry: 'failed, to be tried again', failed: 'failed', cancelled: 'cancelled', released: 'interrupted, given back', lost: 'lost with its worker',
};
