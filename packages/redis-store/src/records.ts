import type { JobRecord } from '@media-jobs/core';
import type { Logger } from '@media-jobs/foundation';
import type { Era, Eras, ScriptCall } from './eras.ts';
import type { KnownRecords } from './known-records.ts';
import { fullId, indexedStates, shortId, stateCodes } from './keys.ts';
import { planRecord, planRepair, type RecordPlan } from './record-plan.ts';
import { asideScript } from './scripts/aside.ts';
import { readScript } from './scripts/read.ts';
import { swapScript } from './scripts/swap.ts';
import { batchTurn } from './turn-batch.ts';
import { readSnapshot, type Guard, type Sighting, type Snapshot } from './snapshot.ts';

/** A record as it was found, and when. */
export interface Found {
  readonly record: JobRecord;
  readonly guard: Guard;
  /** The server's time when it was read. */
  readonly now: number;
}

/** Like `Found`, for a place where there may be no record. */
export interface Place {
  readonly record: JobRecord | null;
  readonly guard: Guard;
  readonly now: number;
}

/** A record to be written in the place of one that was found. Null removes it. */
export interface Swap {
  readonly id: string;
  readonly before: JobRecord | null;
  readonly after: JobRecord | null;
  readonly guard: Guard;
  /** The "now" in `after`; later than every time in `before` that can be one. */
  readonly now: number;
  /** Refuse when so many jobs of the operation wait. */
  readonly maxWaiting?: number;
}

/** What became of a swap. `epoch`: a reset came in between. `stale`: another record stands there now. */
export type SwapReply =
  | { readonly kind: 'done'; readonly record: JobRecord | null }
  | { readonly kind: 'full' | 'epoch' }
  | { readonly kind: 'stale'; readonly place: Place };

/** Reads, checks and writes records of one store. */
export interface Records {
  readonly eras: Eras;
  /** What stands at one id, asked for together with whatever else is asked in this turn; null when a reset came in between. */
  readonly readOne: (era: Era, id: string) => Promise<Place | null>;
  /** Places in the order of the ids; what cannot be read is set aside and absent. */
  readonly read: (era: Era, ids: readonly string[]) => Promise<readonly Place[] | null>;
  readonly swap: (era: Era, swap: Swap) => Promise<SwapReply>;
  /** Checks a snapshot that a script brought; one that cannot be read is set aside. */
  readonly admit: (era: Era, id: string, snapshot: Snapshot, now: number) => Promise<Place>;
  /** Removes what names a record that is gone, if it is. */
  readonly clearStray: (era: Era, id: string) => Promise<void>;
  /** Writes a record anew that stood there in an older form; others are set aside. */
  readonly repair: (era: Era, id: string) => Promise<void>;
}

/** Records that one script reads: about half a millisecond of Redis. */
const readBatch = 100;

export function createRecords(eras: Eras, known: KnownRecords, logger: Logger): Records {
  const admit: Records['admit'] = async (era, id, snapshot, now) => {
    const sighting = readSnapshot(snapshot, { id, epoch: era.epoch });
    if (sighting.kind === 'absent') return { record: null, guard: sighting.guard, now };
    if (sighting.kind === 'record') return { record: sighting.record, guard: sighting.guard, now };
    await setAside(eras, era, id, sighting, logger);
    return { record: null, guard: { kind: 'new', value: '' }, now };
  };
  const read: Records['read'] = async (era, ids) => {
    const slices = Array.from({ length: Math.ceil(ids.length / readBatch) }, (_, index) => ids.slice(index * readBatch, (index + 1) * readBatch));
    const found = await Promise.all(slices.map((slice) => readSome({ eras, known, admit }, era, slice)));
    return found.includes(null) ? null : found.flatMap((places) => places ?? []);
  };
  const readOne = gatherReads(read);
  const swap: Records['swap'] = async (era, wanted) => {
    const plan = planFor(era, wanted);
    const reply = await eras.actIn<readonly [string, string, ...unknown[]]>(era, swapScript, 'write', swapCall(eras, era, wanted, plan));
    if (reply === null) return { kind: 'epoch' };
    if (reply[0] === 'FULL') return { kind: 'full' };
    if (reply[0] === 'STALE') return { kind: 'stale', place: await admit(era, wanted.id, reply[2] as Snapshot, Number(reply[1])) };
    return { kind: 'done', record: wanted.after === null ? null : asWritten(wanted.after, plan, wanted.now, reply as readonly string[]) };
  };
  const repair: Records['repair'] = async (era, id) => {
    const [place] = (await read(era, [id])) ?? [];
    if (place?.record == null || place.guard.kind !== 'text') return;
    await eras.actIn(era, swapScript, 'write', swapCall(eras, era, { id, before: null, after: place.record, guard: place.guard, now: 0 }, planRepair(era.keys, place.record), false));
  };
  const clearStray: Records['clearStray'] = async (era, id) => void (await eras.actIn(era, asideScript, 'write', asideCall(era, id, 'none', '')));
  return { eras, read, readOne, swap, admit, repair, clearStray };
}

/** Places of as many ids as one script reads; what this handle knows and what still stands as it was is not brought again. */
async function readSome({ eras, known, admit }: Pick<Records, 'eras' | 'admit'> & { readonly known: KnownRecords }, era: Era, ids: readonly string[]): Promise<readonly Place[] | null> {
  const keys = ids.flatMap((id) => [era.keys.record(id), era.keys.body(id), era.keys.result(id)]);
  const mine = ids.map((id) => known.get(era.epoch, id));
  const args = mine.map((one) => (one === null ? '' : `${one.revision} ${one.record.sequence}`));
  const reply = await eras.actIn<readonly [string, string, ...(Snapshot | 'same')[]]>(era, readScript, 'read', { keys, args });
  if (reply === null) return null;
  const now = Number(reply[1]);
  const places = reply.slice(2).map(async (found, index): Promise<Place> => {
    const one = mine[index];
    if (found !== 'same' || one == null) return admit(era, ids[index] ?? '', found as Snapshot, now);
    return { record: one.record, guard: { kind: 'revision', value: one.revision }, now };
  });
  return Promise.all(places);
}

/** Reads of one turn share their scripts. */
function gatherReads(read: Records['read']): Records['readOne'] {
  const readOne = batchTurn<{ readonly era: Era; readonly id: string }, Place | null>(async (asked) => {
    const byEra = new Map(Map.groupBy(asked, ({ era }) => era).entries().map(([era, some]) => [era, [...new Set(some.map(({ id }) => id))]]));
    const found = new Map(await Promise.all(byEra.entries().map(async ([era, ids]) => {
      const places = await read(era, ids);
      return [era, new Map(ids.map((id, index) => [id, places?.[index] ?? null]))] as const;
    })));
    return asked.map(({ era, id }) => found.get(era)?.get(id) ?? null);
  });
  return (era, id) => readOne({ era, id });
}

function planFor(era: Era, { before, after, guard }: Swap): RecordPlan {
  const plan = planRecord(era.keys, before, after);
  if (guard.kind !== 'text' || after === null) return plan;
  // No hash stands there yet: all of it must be written, while indexes and counters go on from what was.
  const { set, texts } = planRecord(era.keys, null, after);
  return { ...plan, set, texts, deleted: [] };
}

/** Guard, plan and keys in the order that the swap script reads. */
function swapCall(eras: Eras, era: Era, { id, before, after, guard, now, maxWaiting }: Swap, plan: RecordPlan, counts = true): ScriptCall {
  const { keys } = era;
  const fixed = [keys.record(id), keys.body(id), keys.result(id), keys.tally, eras.keys.events, eras.keys.cancels];
  const indexes = [...new Set([...plan.removed, ...plan.added].map(({ key }) => key))];
  const numberOf = (key: string): number => 2 + fixed.length + indexes.indexOf(key);
  const record = after ?? before;
  const event = after === null ? '' : `${shortId(id)} ${after.generation} ${stateCodes[after.state]} ${after.cancelRequested ? 1 : 0} ${after.progress} ${after.state}`;
  const redraws = counts && after !== null && before !== null && after.sequence !== before.sequence;
  const draws = counts && after !== null && (before === null || redraws);
  return {
    keys: [...fixed, ...indexes],
    args: [
      now, guard.kind, guard.value, guard.other ?? '', maxWaiting ?? '', record?.operation ?? '', draws ? (before?.sequence ?? -1) : '', event,
      plan.shifted.length, ...plan.shifted, plan.set.length / 2, ...plan.set, plan.deleted.length, ...plan.deleted, plan.texts.length / 2, ...plan.texts,
      plan.removed.length, ...plan.removed.flatMap(({ key, member }) => [numberOf(key), member]),
      plan.added.length, ...plan.added.flatMap(({ key, how, score, member }) => [numberOf(key), how, score, member]), plan.tally.length / 2, ...plan.tally,
    ],
  };
}

/** The record with the times that the server set. */
function asWritten(after: JobRecord, { shifted }: RecordPlan, assumed: number, [, now, sequence, progress, phase]: readonly string[]): JobRecord {
  const shift = Number(now) - assumed;
  const moved = (name: string, time: number | null): number | null => (time !== null && shifted.includes(name) ? time + shift : time);
  const [last] = after.history.slice(-1);
  return {
    ...after, sequence: Number(sequence), progress: progress === '' ? after.progress : Number(progress), phase: phase === '' || phase === undefined ? after.phase : phase,
    createdAt: moved('c', after.createdAt) ?? 0, queuedAt: moved('q', after.queuedAt) ?? 0, startedAt: moved('s', after.startedAt), updatedAt: moved('u', after.updatedAt) ?? 0,
    retryAt: moved('ra', after.retryAt), endedAt: moved('e', after.endedAt), expiresAt: moved('x', after.expiresAt),
    history: last === undefined ? after.history : [...after.history.slice(0, -1), { ...last, endedAt: moved('t', last.endedAt) ?? 0 }],
  };
}

/** Kept for people this long; then Redis forgets it by itself. */
const asideSeconds = 7 * 24 * 3_600;

/** Moves a record out of the way, counts it, and says so in the log. Its entry in the line, if any, goes when somebody meets it. */
async function setAside(eras: Eras, era: Era, id: string, { reason, type, value }: Sighting & { readonly kind: 'foreign' }, logger: Logger): Promise<void> {
  const reply = await eras.actIn<readonly [string, string]>(era, asideScript, 'write', asideCall(era, id, type, value));
  if (reply?.[1] === '1') logger.warn({ jobId: fullId(shortId(id)), reason }, 'A job record could not be read; it was set aside and counts as absent.');
}

function asideCall({ keys }: Era, id: string, type: string, value: string): ScriptCall {
  const indexes = [keys.all, keys.standing, keys.lease, keys.retry, keys.expiry, ...indexedStates.map((state) => keys.inState(state))];
  return { keys: [keys.record(id), keys.body(id), keys.result(id), keys.tally, keys.aside(id), ...indexes], args: [shortId(id), type, value, asideSeconds] };
}
