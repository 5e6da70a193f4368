import { hasEnded, type JobEvent, type JobState } from '@media-jobs/core';

/** How far a follower has come: what `Last-Event-ID` brings back. */
export interface EventPlace {
  readonly generation: number;
  readonly state: string;
  readonly progress: number;
  readonly phase: string;
}

/** The id of an event: generation, state, progress and phase. Events hold the whole state, so it says all that a follower has seen. */
export function eventId({ generation, state, progress, phase }: Pick<JobEvent, 'generation' | 'state' | 'progress' | 'phase'>): string {
  return `${generation}.${state}.${Math.round(progress * 1e6)}.${encodeURIComponent(phase).replaceAll('.', '%2E')}`;
}

/** The place that an id names; undefined when it is none of ours: the follower then begins anew. */
export function parseEventId(id: string | undefined): EventPlace | undefined {
  const match = /^(\d{1,9})\.([a-z]{1,16})\.(\d{1,7})\.([^.\s]{0,200})$/.exec(id ?? '');
  if (match === null) return undefined;
  const [, generation = '', state = '', progress = '', phase = ''] = match;
  try {
    return { generation: Number(generation), state, progress: Number(progress) / 1e6, phase: decodeURIComponent(phase) };
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Whether the event tells something to a follower who has come so far. */
export function isNews(event: JobEvent, seen: EventPlace | undefined): boolean {
  if (seen === undefined || event.generation > seen.generation) return true;
  if (event.generation < seen.generation) return false;
  if (event.state !== seen.state) return true;
  return event.progress > seen.progress + 1e-6 || (event.progress >= seen.progress - 1e-6 && event.phase !== seen.phase);
}

/** Whether the follower has seen the end of this generation, and the job has not begun another. */
export function hasSeenEnd(seen: EventPlace | undefined, job: { readonly generation: number; readonly state: JobState }): boolean {
  return seen !== undefined && seen.generation === job.generation && seen.state === job.state && hasEnded(job.state);
}
