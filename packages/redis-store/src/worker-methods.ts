import {
  applyClaim, applyCommit, applyRelease, newToken, recordSchemaVersion,
  type ClaimKey, type ClaimRequest, type ClaimedJob, type CommitReply, type Heartbeat, type HeartbeatReply, type JobRecord, type Outcome,
} from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { Era, ScriptCall } from './eras.ts';
import type { HeldClaims } from './held-claims.ts';
import { fullId, shortId } from './keys.ts';
import { moveOne } from './move-one.ts';
import type { Place, Records } from './records.ts';
import { claimLineScript, claimPointersScript } from './scripts/claim.ts';
import { heartbeatScript } from './scripts/heartbeat.ts';
import type { Snapshot } from './snapshot.ts';
import { splitText } from './text-fields.ts';

/** How the methods of a worker reach the store. */
export interface WorkerContext {
  readonly records: Records;
  readonly held: HeldClaims;
}

/** Claims and beats that one script takes: less than a millisecond of Redis. */
const claimBatch = 50;
const beatBatch = 100;

type ClaimReply = readonly [string, string, readonly (readonly [string, string, Snapshot])[], readonly string[]];

/** See `JobStore.claim`. One trip for up to 50 jobs. */
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
    const operations = [...new Set(request.operations)];
    const { jobs, met } = await claimSome(context, request, (era) => ({
      keys: [...claimKeys(context, era), ...operations.map((operation) => era.keys.line(operation))],
      args: [...claimArgs(request, limit), era.keys.record(''), ...operations],
    }));
    claimed.push(...jobs);
    if (met < limit && jobs.length === met) return claimed;
  }
}

async function claimPointers(context: WorkerContext, request: ClaimRequest, pointers: NonNullable<ClaimRequest['pointers']>): Promise<readonly ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  const unique = [...new Map(pointers.map((pointer) => [`${pointer.id} ${pointer.sequence} ${pointer.epoch}`, pointer])).values()];
  for (let start = 0; start < unique.length && claimed.length < request.limit; start += claimBatch) {
    const slice = unique.slice(start, start + claimBatch);
    const limit = Math.min(claimBatch, request.limit - claimed.length);
    const call = (era: Era): ScriptCall => {
      // The script compares the operation of the record with each that may be claimed: one entry for each pair.
      const wanted = slice.filter(({ epoch }) => epoch === era.epoch).flatMap((pointer) => request.operations.map((operation) => ({ pointer, operation })));
      return {
        keys: [...claimKeys(context, era), ...wanted.flatMap(({ pointer: { id }, operation }) => [era.keys.record(id), era.keys.body(id), era.keys.result(id), era.keys.line(operation)])],
        args: [...claimArgs(request, limit), ...wanted.flatMap(({ pointer, operation }) => [shortId(pointer.id), pointer.sequence, operation])],
      };
    };
    const first = await claimSome(context, request, call, claimPointersScript);
    claimed.push(...first.jobs);
    // Records in an older form were written anew meanwhile and can be claimed now.
    if (first.foreign > 0) claimed.push(...(await claimSome(context, request, call, claimPointersScript)).jobs);
  }
  return claimed;
}

function claimKeys({ records }: WorkerContext, { keys }: Era): string[] {
  return [keys.tally, records.eras.keys.events, keys.lease, keys.standing, keys.inState('queued'), keys.inState('running')];
}

function claimArgs({ owner, leaseMs }: ClaimRequest, limit: number): (string | number)[] {
  const fields: Record<string, string> = {};
  if (splitText(fields, 'ow', owner) !== null) fields['ow'] = owner;
  return [recordSchemaVersion, Math.ceil(leaseMs), limit, ...Array.from({ length: limit }, newToken), Object.keys(fields).length, ...Object.entries(fields).flat()];
}

/** Runs a claim script and checks what it brought. `met` counts what it took out of the line, readable or not. */
async function claimSome({ records, held }: WorkerContext, { owner, leaseMs }: ClaimRequest, call: (era: Era) => ScriptCall, script = claimLineScript): Promise<{ readonly jobs: readonly ClaimedJob[]; readonly met: number; readonly foreign: number }> {
  let era = await records.eras.present();
  const reply = await records.eras.act<ClaimReply>(script, 'write', (present) => call((era = present)));
  const [, now, taken, foreign] = reply;
  for (const short of foreign) await records.repair(era, fullId(short));
  const jobs: ClaimedJob[] = [];
  for (const [short, token, snapshot] of taken) {
    const id = fullId(short);
    const place = await records.admit(era, id, snapshot, Number(now));
    // What does not decode has been claimed under a token that nobody knows: it is set aside under its new revision.
    if (place.record === null) await records.read(era, [id]);
    else jobs.push({ key: { id, token }, record: applyClaim(place.record, { token, owner, leaseMs, now: Number(now) }) });
  }
  jobs.forEach(held.add);
  return { jobs, met: taken.length + foreign.length, foreign: foreign.length };
}

/** What this handle remembers of a claim, as a place to begin at. */
function remembered({ held }: WorkerContext, { token }: ClaimKey): (era: Era) => Omit<Place, 'now'> | null {
  return (era) => {
    const record = held.get(token);
    if (record === null || record.epoch !== era.epoch) return null;
    return { record, guard: { kind: 'token', value: token, other: record.cancelRequested ? '1' : '0' } };
  };
}

/** See `JobStore.commit`. One trip; what is next is claimed in another, once the end of this one is safe. */
export async function commit(context: WorkerContext, key: ClaimKey, outcome: Outcome, next?: ClaimRequest): Promise<CommitReply> {
  const record = await moveOne<JobRecord | null>(context.records, key.id, (found, present) => {
    const after = applyCommit(found, key, outcome, present);
    return after === null ? { reply: () => null } : { after, reply: (written) => written };
  }, { guess: remembered(context, key) });
  context.held.delete(key.token);
  return { committed: record !== null, record, next: next === undefined ? [] : await claim(context, next) };
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
