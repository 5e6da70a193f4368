import { expiryDueAt } from '../job/end-moves.ts';
import type { JobRecord } from '../job/job.ts';
import type { PagePlace } from '../job/page-cursor.ts';
import { freezeDeep } from '../job/plain-data.ts';
import { CreationOrder } from './creation-order.ts';
import { RecordHeap, type Before } from './record-heap.ts';

/** What is claimed first: the highest priority, then whose generation began first. */
const inLineOrder: Before = (left, right) =>
  left.priority === right.priority ? left.queuedAt < right.queuedAt || (left.queuedAt === right.queuedAt && left.sequence < right.sequence) : left.priority > right.priority;

const earlier = (dueAt: (record: JobRecord) => number | null): Before => (left, right) => (dueAt(left) ?? Infinity) < (dueAt(right) ?? Infinity);

/** All records of one epoch, with an index for each question that a store is asked. Records are frozen when they come in. */
export class EpochRecords {
  /** Running jobs, the lease that ends first in front. */
  readonly leases = new RecordHeap(earlier((record) => record.claim?.leaseUntil ?? null));
  /** Retrying jobs, the one due first in front. */
  readonly retries = new RecordHeap(earlier((record) => record.retryAt));
  /** Ended and half deleted jobs, the longest overdue in front. */
  readonly expiries = new RecordHeap(earlier(expiryDueAt));
  /** Queued jobs, the one that entered the line first in front. */
  readonly dispatches = new RecordHeap(earlier((record) => record.updatedAt));
  /** Cache hits and misses of this epoch. */
  readonly lookups = { hit: 0, miss: 0, unusable: 0 };
  readonly #byId = new Map<string, JobRecord>();
  readonly #creation = new CreationOrder();
  readonly #lines = new Map<string, RecordHeap>();
  readonly #retrying = new Map<string, number>();

  get(id: string): JobRecord | null {
    return this.#byId.get(id) ?? null;
  }

  all(): IterableIterator<JobRecord> {
    return this.#byId.values();
  }

  put(given: JobRecord): void {
    const record = freezeDeep(given);
    const before = this.get(record.id);
    if (before !== null) this.#unindex(before);
    if (before?.createdAt !== record.createdAt) {
      if (before !== null) this.#creation.remove(before);
      this.#creation.add(record);
    }
    this.#byId.set(record.id, record);
    for (const index of this.#indexesOf(record)) index.put(record);
    this.#countRetrying(record, 1);
  }

  delete(id: string): void {
    const record = this.get(id);
    if (record === null) return;
    this.#unindex(record);
    this.#creation.remove(record);
    this.#byId.delete(id);
  }

  /** The job of these operations that is to be claimed next. */
  nextInLine(operations: readonly string[]): JobRecord | null {
    let next: JobRecord | null = null;
    for (const operation of operations) {
      const head = this.#lines.get(operation)?.first();
      if (head !== undefined && (next === null || inLineOrder(head, next))) next = head;
    }
    return next;
  }

  /** Jobs of the operation that are queued or retrying. */
  waiting(operation: string): number {
    return (this.#lines.get(operation)?.size ?? 0) + (this.#retrying.get(operation) ?? 0);
  }

  /** Records newest first, from the one after `place` on. */
  *newestFirst(place?: PagePlace): Generator<JobRecord> {
    for (const id of this.#creation.idsBackwards(place)) {
      const record = this.get(id);
      if (record !== null) yield record;
    }
  }

  #unindex(record: JobRecord): void {
    for (const index of this.#indexesOf(record)) index.remove(record.id);
    this.#countRetrying(record, -1);
  }

  #indexesOf(record: JobRecord): readonly RecordHeap[] {
    switch (record.state) {
      case 'queued':
        return [this.#line(record.operation), this.dispatches];
      case 'running':
        return [this.leases];
      case 'retrying':
        return [this.retries];
      case 'completed':
      case 'failed':
      case 'cancelled':
      case 'expiring':
        return [this.expiries];
    }
  }

  #line(operation: string): RecordHeap {
    const line = this.#lines.get(operation) ?? new RecordHeap(inLineOrder);
    this.#lines.set(operation, line);
    return line;
  }

  #countRetrying({ state, operation }: JobRecord, by: 1 | -1): void {
    if (state === 'retrying') this.#retrying.set(operation, (this.#retrying.get(operation) ?? 0) + by);
  }
}
