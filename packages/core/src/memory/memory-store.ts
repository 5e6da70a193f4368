import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';
import { applyBeat, applyClaim, applyLapse, applyRelease, hasLapsed, isPresentDispatch } from '../job/claim-moves.ts';
import { applyCommit } from '../job/commit-move.ts';
import { applyCancel, applyTake, applyWake, asRead, expiryDueAt, mayPurge } from '../job/end-moves.ts';
import { newEpoch, newToken } from '../job/epoch.ts';
import { hasEnded, type JobRecord } from '../job/job.ts';
import { checkPageLimit, decodeCursor, encodeCursor } from '../job/page-cursor.ts';
import { applyRedrive, applySubmit } from '../job/submit-move.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ClaimKey, ClaimRequest, ClaimedJob, DueJob, DueKind, DueRequest, JobFilter, JobPage, JobPointer, LookupKind, Outcome, PageRequest, SharedSettings, StoreChange, TakenJob } from '../ports/store-messages.ts';
import { countRecords } from './count-records.ts';
import { EpochRecords } from './epoch-records.ts';

export interface MemoryStoreOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** What a memory store holds. One object, so that the functions below can share it. */
interface Memory {
  readonly clock: Clock;
  epoch: string;
  records: EpochRecords;
  /** Ids of records of older epochs, waiting to be collected. */
  readonly older: Set<string>[];
  readonly listeners: Set<(change: StoreChange) => void>;
  settings: SharedSettings | null;
  closed: boolean;
}

/**
 * A store in the memory of this process: for tests, and for work that may be forgotten with it. Its records are frozen.
 * Every question costs O(log n) or less, save `stats`, which counts all records.
 */
export function createMemoryStore({ clock = systemClock }: MemoryStoreOptions = {}): JobStore {
  const memory: Memory = { clock, epoch: newEpoch(clock.now()), records: new EpochRecords(), older: [], listeners: new Set(), settings: null, closed: false };
  /** Runs in one go, so that every method is one atomic act. */
  const act = <Given extends readonly unknown[], Result>(method: (memory: Memory, ...given: Given) => Result) => async (...given: Given): Promise<Result> => {
    checkOpen(memory);
    return method(memory, ...given);
  };
  return {
    specVersion: 1,
    capabilities: { multiProcess: false, durable: false },
    epoch: act(({ epoch }) => epoch),
    submit: act(submit),
    get: act((held, id: string) => asRead(find(held, id), held.clock.now())),
    list: act(list),
    claim: act(claim),
    heartbeat: act(heartbeat),
    commit: act(commit),
    release: act((held, key: ClaimKey) => write(held, applyRelease(find(held, key.id), key, present(held))) !== null),
    requestCancel: act(requestCancel),
    due: act(due),
    takeExpired: act(takeExpired),
    purge: act(purge),
    takeNow: act(takeNow),
    redrive: act(redrive),
    stats: act((held) => countRecords(held.records, held.clock.now())),
    countLookup: act(({ records }, kind: LookupKind) => void (records.lookups[kind] += 1)),
    watch: (listener) => watch(memory, listener),
    reset: act(reset),
    collect: act(collect),
    shareSettings: act(shareSettings),
    ping: act(() => undefined),
    [Symbol.asyncDispose]: async () => {
      memory.closed = true;
      memory.listeners.clear();
    },
  };
}

function checkOpen(memory: Memory): void {
  if (memory.closed) throw new MediaJobError('CLOSED', { message: 'Expected an open store, got one that was disposed.', advice: 'Create a new one; what this one held is gone.' });
}

function find(memory: Memory, id: string): JobRecord | null {
  return memory.records.get(id);
}

function present(memory: Memory): { readonly epoch: string; readonly now: number } {
  return { epoch: memory.epoch, now: memory.clock.now() };
}

/** Keeps the record and tells the listeners; null, for a refused move, passes through. */
function write<Written extends JobRecord | null>(memory: Memory, record: Written): Written {
  if (record === null) return record;
  memory.records.put(record);
  const change: StoreChange = { id: record.id, generation: record.generation, state: record.state, progress: record.progress, phase: record.phase };
  for (const listener of memory.listeners) queueMicrotask(() => memory.listeners.has(listener) && listener(change));
  return record;
}

function submit(memory: Memory, request: Parameters<JobStore['submit']>[0]): Awaited<ReturnType<JobStore['submit']>> {
  const outcome = applySubmit(find(memory, request.id), request, { ...present(memory), waiting: () => memory.records.waiting(request.operation) });
  if (outcome.kind === 'created' || outcome.kind === 'restarted') write(memory, outcome.record);
  return outcome;
}

function list(memory: Memory, filter: JobFilter, { limit, cursor }: PageRequest): JobPage {
  checkPageLimit(limit);
  const jobs: JobRecord[] = [];
  for (const record of memory.records.newestFirst(cursor === undefined ? undefined : decodeCursor(cursor))) {
    if (!passes(record, filter)) continue;
    if (jobs.length === limit) return { jobs, cursor: encodeCursor(jobs[limit - 1] ?? record) };
    jobs.push(record);
  }
  return { jobs };
}

function passes(record: JobRecord, { states, operation, namespace, deadLetter }: JobFilter): boolean {
  return (states === undefined || states.includes(record.state)) && (operation === undefined || operation === record.operation)
    && (namespace === undefined || namespace === record.namespace) && (deadLetter === undefined || deadLetter === (record.deadLetter !== null));
}

function claim(memory: Memory, { owner, leaseMs, operations, pointers, limit }: ClaimRequest): readonly ClaimedJob[] {
  const claimOne = (record: JobRecord): ClaimedJob => {
    const token = newToken();
    return { record: write(memory, applyClaim(record, { token, owner, leaseMs, now: memory.clock.now() })), key: { id: record.id, token } };
  };
  const named = (pointer: JobPointer): readonly JobRecord[] => {
    const record = find(memory, pointer.id);
    return record !== null && operations.includes(record.operation) && isPresentDispatch(record, pointer) ? [record] : [];
  };
  const claimed: ClaimedJob[] = [];
  const source = pointers === undefined ? inLine(memory, operations) : pointers.values().flatMap(named);
  for (const record of source.take(limit)) claimed.push(claimOne(record));
  return claimed;
}

/** The job to be claimed next, again and again; each must be claimed before the next is asked for. */
function* inLine(memory: Memory, operations: readonly string[]): Generator<JobRecord, undefined> {
  for (let next = memory.records.nextInLine(operations); next !== null; next = memory.records.nextInLine(operations)) yield next;
}

function heartbeat(memory: Memory, beats: Parameters<JobStore['heartbeat']>[0], leaseMs: number): Awaited<ReturnType<JobStore['heartbeat']>> {
  return beats.map((beat) => {
    const applied = applyBeat(find(memory, beat.id), beat, { ...present(memory), leaseMs });
    write(memory, applied.record);
    return applied.reply;
  });
}

function commit(memory: Memory, key: ClaimKey, outcome: Outcome, next?: ClaimRequest): Awaited<ReturnType<JobStore['commit']>> {
  const record = write(memory, applyCommit(find(memory, key.id), key, outcome, present(memory)));
  return { committed: record !== null, record, next: next === undefined ? [] : claim(memory, next) };
}

function requestCancel(memory: Memory, id: string): Awaited<ReturnType<JobStore['requestCancel']>> {
  const record = find(memory, id);
  if (record === null) return 'absent';
  const applied = applyCancel(record, memory.clock.now());
  write(memory, applied.record);
  return applied.reply;
}

function due(memory: Memory, kind: DueKind, { limit, deadOwners = [], olderThanMs = 0 }: DueRequest): readonly DueJob[] {
  const now = memory.clock.now();
  switch (kind) {
    case 'lease':
      return lapsed(memory, limit, deadOwners).map((record) => dueJob(write(memory, applyLapse(record, now))));
    case 'retry':
      return memory.records.retries.peek(limit, (record) => record.retryAt !== null && record.retryAt <= now).map((record) => dueJob(write(memory, applyWake(record, now))));
    case 'dispatch':
      return memory.records.dispatches.peek(limit, (record) => record.updatedAt <= now - olderThanMs).map(dueJob);
  }
}

/** Running jobs that have lost their worker. Those of dead owners are searched among all that run: few, and rarely asked for. */
function lapsed({ records, clock }: Memory, limit: number, deadOwners: readonly string[]): readonly JobRecord[] {
  const now = clock.now();
  if (deadOwners.length > 0) return records.leases.all().filter((record) => hasLapsed(record, now, deadOwners)).slice(0, limit);
  return records.leases.peek(limit, (record) => hasLapsed(record, now));
}

function dueJob({ id, sequence, epoch, operation, state, priority }: JobRecord): DueJob {
  return { pointer: { id, sequence, epoch }, operation, state, priority };
}

function take(memory: Memory, record: JobRecord): TakenJob {
  const applied = applyTake(record, { takeToken: newToken(), now: memory.clock.now() });
  write(memory, applied.record);
  return applied.taken;
}

function takeExpired(memory: Memory, limit: number): readonly TakenJob[] {
  const now = memory.clock.now();
  return memory.records.expiries.peek(limit, (record) => (expiryDueAt(record) ?? Infinity) <= now).map((record) => take(memory, record));
}

function takeNow(memory: Memory, id: string): TakenJob | null {
  const record = find(memory, id);
  return record !== null && (hasEnded(record.state) || record.state === 'expiring') ? take(memory, record) : null;
}

function purge(memory: Memory, id: string, takeToken: string): boolean {
  const mine = mayPurge(find(memory, id), takeToken);
  if (mine) memory.records.delete(id);
  return mine;
}

function redrive(memory: Memory, id: string): JobRecord | null {
  const record = find(memory, id);
  return record?.state === 'failed' ? write(memory, applyRedrive(record, memory.clock.now())) : null;
}

function watch(memory: Memory, listener: (change: StoreChange) => void): Disposable {
  checkOpen(memory);
  const own = (change: StoreChange): void => listener(change);
  memory.listeners.add(own);
  return { [Symbol.dispose]: () => void memory.listeners.delete(own) };
}

function reset(memory: Memory): string {
  memory.older.push(new Set([...memory.records.all()].map((record) => record.id)));
  memory.records = new EpochRecords();
  memory.epoch = newEpoch(memory.clock.now(), memory.epoch);
  return memory.epoch;
}

function collect(memory: Memory, limit: number): { readonly removed: number; readonly left: number } {
  let removed = 0;
  for (const records of memory.older) {
    for (const id of records.values().take(limit - removed)) {
      records.delete(id);
      removed += 1;
    }
  }
  memory.older.splice(0, memory.older.length, ...memory.older.filter((records) => records.size > 0));
  return { removed, left: memory.older.reduce((sum, records) => sum + records.size, 0) };
}

function shareSettings(memory: Memory, settings: SharedSettings): SharedSettings | null {
  const before = memory.settings;
  memory.settings = { ...settings };
  return before;
}
