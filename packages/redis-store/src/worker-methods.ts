import {
  applyClaim, applyCommit, applyRelease, bytesOf,
  type ClaimKey, type ClaimRequest, type ClaimedJob, type CommitReply, type Heartbeat, type HeartbeatReply, type JobRecord, type Outcome,
} from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { Era, ScriptCall } from './eras.ts';
import type { HeldClaims } from './held-claims.ts';
import { fullId, shortId } from './keys.ts';
import type { KnownRecords } from './known-records.ts';
import { moveOne } from './move-one.ts';
import { encodeCompletion } from './record-codec.ts';
import { filesOf } from './record-plan.ts';
import type { Place, Records } from './records.ts';
import { heartbeatScript } from './scripts/heartbeat.ts';
import type { Ask, Taken, WorkBatch } from './work-batch.ts';

/** How the methods of a worker reach the store. */
export interface WorkerContext {
  readonly records: Records;
  readonly held: HeldClaims;
  readonly known: KnownRecords;
  readonly work: WorkBatch;
}

/** Claims that are asked for at once, and beats that one script takes: less than a millisecond of Redis. */
const claimBatch = 50;
const beatBatch = 100;

/** See `JobStore.claim`. One trip for up to 50 jobs, shared with whatever this process asks for in the same turn. */
export async function claim(context: WorkerContext, request: ClaimRequest): Promise<readonly ClaimedJob[]> {
  const { owner, leaseMs, operations, pointers } = request;
  if (owner === '') throw refusal('owner', 'the name of a process', owner);
  if (!(leaseMs > 0 && leaseMs < Infinity)) throw refusal('leaseMs', 'a number above 0', leaseMs);
  if (operations.length === 0) {
    await context.records.eras.refresh();
    return [];
  }
  return pointers === undefined ? claimFromLine(context, request) : claimPointers(context, request, pointers);
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` of a claim to be ${expected}, got \`${String(value)}\`.`, advice: 'Give the owner id of the process and how long its claim may go without a beat.', facts: { option } });
}

async function claimFromLine(context: WorkerContext, request: ClaimRequest): Promise<readonly ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  for (;;) {
    const limit = Math.min(claimBatch, request.limit - claimed.length);
    if (limit <= 0) return claimed;
    const { jobs, met } = await claimSome(context, { ...request, limit });
    claimed.push(...jobs);
    if (met < limit && jobs.length === met) return claimed;
  }
}

async function claimPointers(context: WorkerContext, request: ClaimRequest, pointers: NonNullable<ClaimRequest['pointers']>): Promise<readonly ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  const unique = [...new Map(pointers.map((pointer) => [`${pointer.id} ${pointer.sequence} ${pointer.epoch}`, pointer])).values()];
  for (let start = 0; start < unique.length && claimed.length < request.limit; start += claimBatch) {
    const ask: Ask = { ...request, pointers: unique.slice(start, start + claimBatch), limit: Math.min(claimBatch, request.limit - claimed.length) };
    const first = await claimSome(context, ask);
    claimed.push(...first.jobs);
    // Records in an older form were written anew meanwhile and can be claimed now.
    if (first.foreign > 0) claimed.push(...(await claimSome(context, { ...ask, limit: ask.limit - first.jobs.length })).jobs);
  }
  return claimed;
}

/** Claims and checks what came. `met` counts what was taken out of the line, readable or not. */
async function claimSome(context: WorkerContext, ask: Ask): Promise<{ readonly jobs: readonly ClaimedJob[]; readonly met: number; readonly foreign: number }> {
  const { eras } = context.records;
  let taken = await context.work.take(await eras.present(), ask);
  while (taken === null) taken = await context.work.take(await eras.refresh(), ask);
  const { era, jobs: found, foreign } = taken;
  for (const short of foreign) await context.records.repair(era, fullId(short));
  const jobs: ClaimedJob[] = [];
  for (const one of found) {
    const claimed = await admitClaim(context, taken, one, ask);
    if (claimed !== null) jobs.push(claimed);
  }
  jobs.forEach(context.held.add);
  return { jobs, met: found.length + foreign.length, foreign: foreign.length };
}

/** The record of a claim. Null when it cannot be decoded: it has been claimed under a token that nobody knows, and is set aside. */
async function admitClaim({ records, known }: WorkerContext, { era, now }: Taken, [short, token, found]: Taken['jobs'][number], { owner, leaseMs }: Ask): Promise<ClaimedJob | null> {
  const id = fullId(short);
  const key = { id, token };
  if (found[0] !== 'known') {
    const { record } = await records.admit(era, id, found, now);
    if (record !== null) return { key, record: applyClaim(record, { token, owner, leaseMs, now }) };
  } else {
    const mine = known.get(era.epoch, id);
    if (mine?.revision === found[1]) return { key, record: applyClaim(mine.record, { token, owner, leaseMs, now }) };
  }
  const [place] = (await records.read(era, [id])) ?? [];
  return place?.record?.claim?.token === token ? { key, record: place.record } : null;
}

/** What this handle remembers of a claim, as a place to begin at. */
function remembered({ held }: WorkerContext, { token }: ClaimKey): (era: Era) => Omit<Place, 'now'> | null {
  return (era) => {
    const record = held.get(token);
    if (record === null || record.epoch !== era.epoch) return null;
    return { record, guard: { kind: 'token', value: token, other: record.cancelRequested ? '1' : '0' } };
  };
}

/** See `JobStore.commit`. One trip for a completion of a claim of this handle, and for what is next with it. */
export async function commit(context: WorkerContext, key: ClaimKey, outcome: Outcome, next?: ClaimRequest): Promise<CommitReply> {
  const completing = outcome.kind === 'completed' ? complete(context, key, outcome) : null;
  if (completing === null) {
    const record = await commitSlowly(context, key, outcome);
    return { committed: record !== null, record, next: next === undefined ? [] : await claim(context, next) };
  }
  const [record, claimed] = await Promise.all([completing, next === undefined ? [] : claim(context, next)]);
  return { committed: record !== null, record, next: claimed };
}

async function commitSlowly(context: WorkerContext, key: ClaimKey, outcome: Outcome): Promise<JobRecord | null> {
  const record = await moveOne<JobRecord | null>(context.records, key.id, (found, present) => {
    const after = applyCommit(found, key, outcome, present);
    return after === null ? { reply: () => null } : { after, reply: (written) => written };
  }, { guess: remembered(context, key) });
  context.held.delete(key.token);
  return record;
}

/** Ends a claim of this handle with what it knows of it; null when it knows nothing. Throws `OUTPUT_INVALID` as `applyCommit` does. */
function complete(context: WorkerContext, key: ClaimKey, outcome: Outcome & { readonly kind: 'completed' }): Promise<JobRecord | null> | null {
  const era = context.records.eras.seen();
  const before = context.held.get(key.token);
  if (era === null || before?.id !== key.id || before.epoch !== era.epoch) return null;
  const after = applyCommit(before, key, outcome, { epoch: era.epoch, now: before.updatedAt });
  return after === null ? null : writeCompletion(context, era, key, before, after, outcome);
}

async function writeCompletion(context: WorkerContext, era: Era, key: ClaimKey, before: JobRecord, after: JobRecord, outcome: Outcome): Promise<JobRecord | null> {
  const { id, operation, policy: { ttlMs } } = after;
  const ended = await context.work.complete(era, {
    id, token: key.token, operation, ttlMs, wallMs: after.usage?.wallMs ?? 0, files: filesOf(after) - filesOf(before), bytes: bytesOf(after) - bytesOf(before), ...encodeCompletion(before, after),
  });
  if (ended?.letter === 'f') return commitSlowly(context, key, outcome);
  context.held.delete(key.token);
  if (ended === null) await context.records.eras.refresh();
  if (ended === null || ended.letter === 'l') return null;
  const written = completedAt(after, ended.now);
  context.known.put(written, ended.letter.slice(1));
  return written;
}

/** The record with the times that the server set. */
function completedAt(record: JobRecord, now: number): JobRecord {
  const [last] = record.history.slice(-1);
  return { ...record, updatedAt: now, endedAt: now, expiresAt: now + record.policy.ttlMs, history: last === undefined ? [] : [...record.history.slice(0, -1), { ...last, endedAt: now }] };
}

/** See `JobStore.release`. */
export async function release(context: WorkerContext, key: ClaimKey): Promise<boolean> {
  const released = await moveOne<boolean>(context.records, key.id, (found, present) => {
    const after = applyRelease(found, key, present);
    return after === null ? { reply: () => false } : { after, reply: () => true };
  }, { guess: remembered(context, key) });
  context.held.delete(key.token);
  return released;
}

const replies: Readonly<Record<string, HeartbeatReply>> = { o: 'ok', l: 'lost', c: 'cancel' };

/** See `JobStore.heartbeat`. Batches go out together: one trip's time for all. */
export async function heartbeat(context: WorkerContext, beats: readonly Heartbeat[], leaseMs: number): Promise<readonly HeartbeatReply[]> {
  const slices = Array.from({ length: Math.max(1, Math.ceil(beats.length / beatBatch)) }, (_, index) => beats.slice(index * beatBatch, (index + 1) * beatBatch));
  return (await Promise.all(slices.map((slice) => beatSome(context, slice, leaseMs)))).flat();
}

async function beatSome({ records, held }: WorkerContext, beats: readonly Heartbeat[], leaseMs: number): Promise<readonly HeartbeatReply[]> {
  let era = await records.eras.present();
  const ask = async (): Promise<readonly string[]> => (await records.eras.act<readonly [string, string, readonly string[]]>(heartbeatScript, 'write', (present) => beatCall(records, (era = present), beats, leaseMs)))[2];
  let letters = await ask();
  if (letters.includes('f')) {
    for (const [index, letter] of letters.entries()) if (letter === 'f') await records.repair(era, beats[index]?.id ?? '');
    letters = await ask();
  }
  return letters.map((letter, index) => {
    if (letter === 'l') held.delete(beats[index]?.token ?? '');
    return replies[letter] ?? 'lost';
  });
}

function beatCall(records: Records, { keys }: Era, beats: readonly Heartbeat[], leaseMs: number): ScriptCall {
  return {
    keys: [records.eras.keys.events, keys.lease, ...beats.map(({ id }) => keys.record(id))],
    args: [Number.isFinite(leaseMs) ? Math.max(0, Math.ceil(leaseMs)) : 0, ...beats.flatMap(({ id, token, progress }) => [shortId(id), token, ratioOf(progress?.ratio), progress === undefined ? '' : `=${progress.phase}`])],
  };
}

function ratioOf(ratio: number | undefined): string {
  return ratio === undefined || Number.isNaN(ratio) ? '' : String(Math.min(1, ratio));
}
