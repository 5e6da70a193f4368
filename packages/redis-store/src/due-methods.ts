import { applyLapse, applyTake, applyWake, expiryDueAt, hasLapsed, newToken, type DueJob, type DueKind, type DueRequest, type JobRecord, type TakenJob } from '@media-jobs/core';
import type { Era } from './eras.ts';
import { fullId } from './keys.ts';
import type { Found, Place, Records } from './records.ts';
import { dueScript } from './scripts/read.ts';

/** Records that are read and moved at a time. */
const batch = 100;

type DueReply = readonly [string, string, readonly string[]];

/** What is to become of a record that came due: the next one with what to tell of it, or null when it is not due after all. */
type Move<Told> = (record: JobRecord, now: number) => { readonly after: JobRecord | null; readonly tell: (written: JobRecord) => Told } | null;

/** Where to look: a sorted set of times, and how much earlier than now they must be. */
interface Search {
  readonly key: (era: Era) => string;
  readonly olderThanMs?: number;
}

/** See `JobStore.due`. Finding nothing is one trip; else three for each hundred: find, read, and all moves together. */
export async function due(records: Records, kind: DueKind, { limit, deadOwners = [], olderThanMs = 0 }: DueRequest): Promise<readonly DueJob[]> {
  switch (kind) {
    case 'lease': {
      const lapse: Move<DueJob> = (record, now) => (hasLapsed(record, now, deadOwners) ? { after: applyLapse(record, now), tell: dueJob } : null);
      return deadOwners.length === 0 ? moveDue(records, { key: ({ keys }) => keys.lease }, limit, lapse) : moveAllRunning(records, limit, lapse);
    }
    case 'retry':
      return moveDue(records, { key: ({ keys }) => keys.retry }, limit, (record, now) => (record.state === 'retrying' && (record.retryAt ?? Infinity) <= now ? { after: applyWake(record, now), tell: dueJob } : null));
    case 'dispatch':
      return moveDue(records, { key: ({ keys }) => keys.standing, olderThanMs }, limit, (record) => (record.state === 'queued' ? { after: null, tell: dueJob } : null));
  }
}

/** See `JobStore.takeExpired`. */
export function takeExpired(records: Records, limit: number): Promise<readonly TakenJob[]> {
  return moveDue(records, { key: ({ keys }) => keys.expiry }, limit, (found, now) => {
    if ((expiryDueAt(found) ?? Infinity) > now) return null;
    const { record, taken } = applyTake(found, { takeToken: newToken(), now });
    return { after: record, tell: () => taken };
  });
}

async function moveDue<Told>(records: Records, { key, olderThanMs = 0 }: Search, limit: number, move: Move<Told>): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (;;) {
    let era = await records.eras.present();
    const [, , shorts] = await records.eras.act<DueReply>(dueScript, 'read', (present) => ({ keys: [key((era = present))], args: [limit - told.length, olderThanMs] }));
    const outcome = await moveThese(records, era, shorts.map(fullId), limit - told.length, move);
    if (outcome === null) continue;
    if (outcome.unreadable === 0) return [...told, ...outcome.told];
    // The unreadable are gone from the set: look again to fill their places. What stays where it is will be found again.
    if (!outcome.stays) told.push(...outcome.told);
  }
}

/** Reads and moves these; null when a reset came in between. Others may be quicker with some: those are theirs to tell. */
async function moveThese<Told>(records: Records, era: Era, ids: readonly string[], limit: number, move: Move<Told>): Promise<{ readonly told: readonly Told[]; readonly unreadable: number; readonly stays: boolean } | null> {
  const told: Told[] = [];
  let unreadable = 0;
  let stays = false;
  for (let start = 0; start < ids.length && told.length < limit; start += batch) {
    const slice = ids.slice(start, start + batch);
    const places = await records.read(era, slice);
    if (places === null) return null;
    for (const [index, { record }] of places.entries()) {
      if (record !== null) continue;
      unreadable += 1;
      await records.clearStray(era, slice[index] ?? '');
    }
    const wanted = places.flatMap((place) => decide(place, move)).slice(0, limit - told.length);
    const moved = await Promise.all(wanted.map((one) => write(records, era, one)));
    for (const one of moved) {
      if (one === null) continue;
      told.push(one.told);
      stays ||= one.stays;
    }
  }
  return { told, unreadable, stays };
}

/** A record that is due, and what to make of it. */
interface Decided<Told> {
  readonly found: Found;
  readonly move: NonNullable<ReturnType<Move<Told>>>;
}

function decide<Told>({ record, guard, now: seen }: Place, move: Move<Told>): Decided<Told>[] {
  if (record === null) return [];
  const now = Math.max(seen, record.updatedAt + 1);
  const decided = move(record, now);
  return decided === null ? [] : [{ found: { record, guard, now }, move: decided }];
}

async function write<Told>(records: Records, era: Era, { found: { record, guard, now }, move: { after, tell } }: Decided<Told>): Promise<{ readonly told: Told; readonly stays: boolean } | null> {
  if (after === null) return { told: tell(record), stays: true };
  const reply = await records.swap(era, { id: record.id, before: record, after, guard, now });
  return reply.kind === 'done' && reply.record !== null ? { told: tell(reply.record), stays: false } : null;
}

/** Looks at all that runs: never more than there are workers, and rarely asked for. */
async function moveAllRunning<Told>(records: Records, limit: number, move: Move<Told>): Promise<readonly Told[]> {
  const told: Told[] = [];
  const era = await records.eras.refresh();
  const shorts = await records.eras.act<DueReply>(dueScript, 'read', ({ keys }) => ({ keys: [keys.lease], args: [-1, -Number.MAX_SAFE_INTEGER / 4] }));
  for (let start = 0; start < shorts[2].length && told.length < limit; start += batch) {
    const outcome = await moveThese(records, era, shorts[2].slice(start, start + batch).map(fullId), limit - told.length, move);
    told.push(...(outcome?.told ?? []));
  }
  return told;
}

/** What `due` tells of a job. */
function dueJob({ id, sequence, epoch, operation, state, priority }: JobRecord): DueJob {
  return { pointer: { id, sequence, epoch }, operation, state, priority };
}
