import { applyCancel, applyRedrive, applySubmit, hasEnded, queueFullRetryAfterMs, applyTake, mayPurge, newToken, type JobRecord, type JobStore, type SubmitOutcome, type SubmitRequest, type TakenJob } from '@media-jobs/core';
import type { Era } from './eras.ts';
import { moveOne } from './move-one.ts';
import type { NewJobs } from './new-jobs.ts';
import type { Place, Records } from './records.ts';

/** See `JobStore.submit`. A new job is one trip, a known one as well: the script that finds it brings it along. */
export async function submit(records: Records, newJobs: NewJobs, request: SubmitRequest): Promise<SubmitOutcome> {
  let era = await records.eras.present();
  if (era.epoch !== request.epoch) era = await records.eras.refresh();
  const reply = await newJobs.submit(era, request);
  if (reply.kind === 'place') return resubmit(records, request, era, reply.place);
  return reply.kind === 'epoch' ? resubmit(records, request, await records.eras.refresh()) : reply;
}

/** A submit of a job that stands there already, or stood there a moment ago. */
function resubmit(records: Records, request: SubmitRequest, era: Era, place?: Place): Promise<SubmitOutcome> {
  return moveOne<SubmitOutcome>(records, request.id, (record, { epoch, now }) => {
    const outcome = applySubmit(record, request, { epoch, now, waiting: () => 0 });
    if (outcome.kind !== 'created' && outcome.kind !== 'restarted') return { reply: () => outcome };
    return {
      after: outcome.record, reply: (written) => ({ ...outcome, record: written ?? outcome.record }),
      maxWaiting: request.maxWaiting, full: { kind: 'refused', reason: 'queue-full', retryAfterMs: queueFullRetryAfterMs },
    };
  }, { era, ...(place === undefined ? {} : { place }) });
}

/** See `JobStore.requestCancel`. */
export function requestCancel(records: Records, id: string): ReturnType<JobStore['requestCancel']> {
  return moveOne<Awaited<ReturnType<JobStore['requestCancel']>>>(records, id, (found, { now }) => {
    if (found === null) return { reply: () => 'absent' };
    const { reply, record } = applyCancel(found, now);
    return { reply: () => reply, ...(record === null ? {} : { after: record }) };
  });
}

/** See `JobStore.redrive`. */
export function redrive(records: Records, id: string): Promise<JobRecord | null> {
  return moveOne<JobRecord | null>(records, id, (found, { now }) => (found?.state === 'failed' ? { after: applyRedrive(found, now), reply: (written) => written } : { reply: () => null }));
}

/** See `JobStore.takeNow`. */
export function takeNow(records: Records, id: string): Promise<TakenJob | null> {
  return moveOne<TakenJob | null>(records, id, (found, { now }) => {
    if (found === null || (!hasEnded(found.state) && found.state !== 'expiring')) return { reply: () => null };
    const { record, taken } = applyTake(found, { takeToken: newToken(), now });
    return { after: record, reply: () => taken };
  });
}

/** See `JobStore.purge`. */
export function purge(records: Records, id: string, takeToken: string): Promise<boolean> {
  return moveOne<boolean>(records, id, (found) => (mayPurge(found, takeToken) ? { after: null, reply: () => true } : { reply: () => false }));
}
