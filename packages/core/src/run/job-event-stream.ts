import { hasEnded, type JobRecord, type JobState } from '../job/job.ts';
import type { JobHint } from './job-events.ts';
import type { RunContext } from './run-context.ts';
import { absence, followJob, readPatiently, type JobOfEpoch, type WaitOptions } from './wait.ts';

/** A job at one moment. */
export interface JobEvent {
  readonly jobId: string;
  readonly generation: number;
  readonly state: JobState;
  /** 0..1, never falling within a generation. */
  readonly progress: number;
  /** What is being done, such as `decode`. */
  readonly phase: string;
  /**
   * What the operation has shared of its result since the event before; absent when that is nothing. Only where the job runs
   * in this process. Each attempt begins anew, and the result holds it all.
   */
  readonly parts?: readonly unknown[];
}

/**
 * The present state first, then each change, the final state last. Hints carry progress; every other step is read from
 * the store, so that a lost hint costs time and nothing else. Somebody who reads slowly gets the newest progress.
 */
export async function* jobEvents(context: RunContext, { id, epoch }: JobOfEpoch, options: WaitOptions = {}): AsyncGenerator<JobEvent, void> {
  using follower = followJob(context, id, options);
  let last: JobEvent | undefined;
  for (;;) {
    const record = await readPatiently(context, follower, () => context.store.get(id));
    if (record === null || record.state === 'expiring') throw await absence(context, { id, epoch });
    const event = newsIn(last, eventOf(record));
    if (event !== undefined) yield (last = event);
    if (hasEnded(record.state)) return;
    for (let onlyProgress = true; onlyProgress; ) {
      await follower.next();
      const hints = follower.take();
      onlyProgress = hints.length > 0 && hints.every((hint) => hint.state === 'running');
      for (const hint of hints) {
        const news = hint.state === 'running' ? newsIn(last, eventOf(hint)) : undefined;
        if (news !== undefined) yield (last = news);
      }
    }
  }
}

function eventOf({ id, generation, state, progress, phase, parts = [] }: JobRecord & { readonly parts?: undefined } | JobHint): JobEvent {
  return { jobId: id, generation, state, progress, phase, ...(parts.length === 0 ? {} : { parts }) };
}

/** The event as it may be shown after `last`, or nothing when it tells nothing new, or is older. */
function newsIn(last: JobEvent | undefined, event: JobEvent): JobEvent | undefined {
  if (last === undefined || event.generation > last.generation) return event;
  if (event.generation < last.generation) return undefined;
  // The store hears of progress later than we do.
  const late = event.state === last.state && event.progress < last.progress;
  if (late && event.parts === undefined) return undefined;
  const next = { ...event, progress: Math.max(event.progress, last.progress), phase: late ? last.phase : event.phase };
  const repeats = next.state === last.state && next.progress === last.progress && next.phase === last.phase;
  return repeats && next.parts === undefined ? undefined : next;
}
