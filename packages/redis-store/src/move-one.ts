import type { JobRecord } from '@media-jobs/core';
import type { Era } from './eras.ts';
import type { Place, Records, SwapReply } from './records.ts';

/** What is to become of a job. Without `after` nothing is written; null removes the record. */
export interface Decision<Reply> {
  readonly reply: (written: JobRecord | null) => Reply;
  readonly after?: JobRecord | null;
  readonly maxWaiting?: number;
  /** The reply when so many wait already. */
  readonly full?: Reply;
}

/** Decides on what stands there now. Called again when that has changed meanwhile, so it must change nothing itself. */
export type Decide<Reply> = (record: JobRecord | null, present: { readonly epoch: string; readonly now: number }) => Decision<Reply>;

export interface MoveOptions {
  /** Where to begin without looking: what probably stands there. One trip if it does. */
  readonly guess?: (era: Era) => Omit<Place, 'now'> | null;
  /** Where to begin; when a reset comes in between, the move goes on in the new era. */
  readonly era?: Era;
  /** What stands there in that era, as a script has just found it. */
  readonly place?: Place;
}

/** Reads a job, decides, and writes it if nobody was quicker; else looks again. */
export async function moveOne<Reply>(records: Records, id: string, decide: Decide<Reply>, { guess, era: given, place: found }: MoveOptions = {}): Promise<Reply> {
  for (let era = given ?? (await records.eras.present()); ; era = await records.eras.refresh()) {
    const guessed = guess?.(era) ?? null;
    let place: Place | null = era === given && found !== undefined ? found : guessed === null ? await records.readOne(era, id) : { ...guessed, now: 1 };
    while (place !== null) {
      const outcome: SwapReply | { readonly reply: Reply } = await tryOnce(records, era, id, place, decide);
      if ('reply' in outcome) return outcome.reply;
      place = outcome.kind === 'stale' ? outcome.place : null;
    }
  }
}

async function tryOnce<Reply>(records: Records, era: Era, id: string, { record, guard, now: seen }: Place, decide: Decide<Reply>): Promise<SwapReply | { readonly reply: Reply }> {
  // Later than the last write, so that every time that the move sets is told from those that it keeps.
  const now = Math.max(seen, (record?.updatedAt ?? 0) + 1);
  const { reply, after, maxWaiting, full } = decide(record, { epoch: era.epoch, now });
  if (after === undefined) return { reply: reply(null) };
  const swapped = await records.swap(era, { id, before: record, after, guard, now, ...(maxWaiting === undefined ? {} : { maxWaiting }) });
  if (swapped.kind === 'done') return { reply: reply(swapped.record) };
  if (swapped.kind === 'full' && full !== undefined) return { reply: full };
  return swapped;
}
