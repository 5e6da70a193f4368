import { setImmediate as nextTurn } from 'node:timers/promises';
import { asRead, checkPageLimit, encodeCursor, type DueJob, type DueKind, type DueRequest, type Heartbeat, type HeartbeatReply, type JobFilter, type JobPage, type JobRecord, type PageRequest, type TakenJob } from '@media-jobs/core';
import type { Durability } from './connection.ts';
import { dueJob, lapse, takeExpired, wake } from './due-methods.ts';
import { collect } from './epoch-methods.ts';
import { giveBackPages, isMostlyFree } from './free-pages.ts';
import { pageRows } from './list.ts';
import { findRecord, readRow, type Row } from './records.ts';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';
import { heartbeat } from './worker-methods.ts';

/** How the methods reach the file. */
export interface Access {
  readonly write: <Result>(durability: Durability, work: (scope: Scope) => Result) => Promise<Result>;
  readonly read: <Result>(work: (scope: Scope) => Result) => Promise<Result>;
}

/** Records that are written, or read and checked, before the event loop has its turn: about 10 ms of work. */
const sliceLength = 100;

/** Rows of older epochs that are deleted at once: they are not read. */
const collectLength = 500;

/** Asks for many in slices, each a transaction of its own, until there are enough or no more. */
async function inSlices<Item>(limit: number, take: (limit: number) => Promise<readonly Item[]>): Promise<readonly Item[]> {
  const taken: Item[] = [];
  while (taken.length < limit) {
    const asked = Math.min(sliceLength, limit - taken.length);
    const slice = await take(asked);
    taken.push(...slice);
    if (slice.length < asked) break;
  }
  return taken;
}

/** See `JobStore.get`. */
export async function get({ read, write }: Access, id: string): Promise<JobRecord | null> {
  const found = await read(({ statements, era, epoch, now }) => {
    const row = statements.get(sql.find, id, era) as Row | undefined;
    const record = row === undefined ? null : readRow(row, epoch);
    return typeof record === 'string' ? record : asRead(record, now);
  });
  return typeof found === 'string' ? write('relaxed', (scope) => asRead(findRecord(scope, id), scope.now)) : found;
}

/** See `JobStore.list`. The page is one state of the file; only its records are checked in slices. */
export async function list(access: Access, filter: JobFilter, page: PageRequest): Promise<JobPage> {
  checkPageLimit(page.limit);
  const records = await readMany(access, (scope) => pageRows(scope, filter, page));
  const jobs = records.slice(0, page.limit);
  const last = jobs.at(-1);
  return records.length > page.limit && last !== undefined ? { jobs, cursor: encodeCursor(last) } : { jobs };
}

/** See `JobStore.due`. */
export async function due(access: Access, kind: DueKind, request: DueRequest): Promise<readonly DueJob[]> {
  switch (kind) {
    case 'lease':
      return inSlices(request.limit, (limit) => access.write('durable', (scope) => lapse(scope, { ...request, limit })));
    case 'retry':
      return inSlices(request.limit, (limit) => access.write('durable', (scope) => wake(scope, { ...request, limit })));
    case 'dispatch': {
      const { limit, olderThanMs = 0 } = request;
      const records = await readMany(access, ({ statements, era, now }) => statements.all(sql.standing, era, now - olderThanMs, limit) as Row[]);
      return records.map(dueJob);
    }
  }
}

/** Reads rows at once and their records in slices. Those that cannot be read are set aside, and the search is made again. */
async function readMany(access: Access, search: (scope: Scope) => readonly Row[]): Promise<readonly JobRecord[]> {
  for (;;) {
    const { rows, epoch } = await access.read((scope) => ({ rows: search(scope), epoch: scope.epoch }));
    const records: JobRecord[] = [];
    const unreadable: string[] = [];
    for (const [index, row] of rows.entries()) {
      if (index > 0 && index % sliceLength === 0) await nextTurn();
      const read = readRow(row, epoch);
      if (typeof read === 'string') unreadable.push(row.id);
      else records.push(read);
    }
    if (unreadable.length === 0) return records;
    await access.write('relaxed', (scope) => { for (const id of unreadable) findRecord(scope, id); });
  }
}

/** See `JobStore.heartbeat`. Each beat stands for itself, so that many may be taken in slices. */
export async function beat(access: Access, beats: readonly Heartbeat[], leaseMs: number): Promise<readonly HeartbeatReply[]> {
  const replies: HeartbeatReply[] = [];
  for (let start = 0; start < beats.length; start += sliceLength) {
    const slice = beats.slice(start, start + sliceLength);
    replies.push(...await access.write('relaxed', (scope) => heartbeat(scope, slice, leaseMs)));
  }
  return replies;
}

/** See `JobStore.takeExpired`. A file that has become mostly empty by then is made smaller, a little in each pass. */
export async function takeAllExpired(access: Access, limit: number): Promise<readonly TakenJob[]> {
  const taken = await inSlices(limit, (most) => access.write('durable', (scope) => takeExpired(scope, most)));
  if (await access.read(isMostlyFree)) await access.write('relaxed', giveBackPages);
  return taken;
}

/** See `JobStore.collect`. The pages of what was removed go back to the disk in the end. */
export async function collectOlder(access: Access, limit: number): Promise<{ readonly removed: number; readonly left: number }> {
  let removed = 0;
  let left: number;
  do {
    const asked = Math.min(collectLength, limit - removed);
    const slice = await access.write('relaxed', (scope) => collect(scope, asked));
    removed += slice.removed;
    left = slice.left;
  } while (left > 0 && removed < limit);
  for (let more = removed > 0 && left === 0; more; ) more = await access.write('relaxed', giveBackPages);
  return { removed, left };
}
