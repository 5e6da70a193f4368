import type { JobRecord } from '../job/job.ts';

/** Says whether the left record stands before the right one. */
export type Before = (left: JobRecord, right: JobRecord) => boolean;

/** Records in an order, the first at hand: a binary heap that knows where each id stands. A change costs O(log n). */
export class RecordHeap {
  readonly #before: Before;
  readonly #items: JobRecord[] = [];
  readonly #places = new Map<string, number>();

  constructor(before: Before) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  first(): JobRecord | undefined {
    return this.#items[0];
  }

  /** All records, in no order. */
  all(): readonly JobRecord[] {
    return this.#items;
  }

  /** Adds the record, or moves it when its id is there. */
  put(record: JobRecord): void {
    this.#settle(this.#places.get(record.id) ?? this.#items.length, record);
  }

  remove(id: string): void {
    const place = this.#places.get(id);
    const last = this.#items.at(-1);
    if (place === undefined || last === undefined) return;
    this.#items.pop();
    this.#places.delete(id);
    if (last.id !== id) this.#settle(place, last);
  }

  /** The first records in order, at most `limit`, as long as they satisfy `holds`. The heap stays as it is. */
  peek(limit: number, holds: (record: JobRecord) => boolean): readonly JobRecord[] {
    const found: JobRecord[] = [];
    for (let first = this.first(); found.length < limit && first !== undefined && holds(first); first = this.first()) {
      found.push(first);
      this.remove(first.id);
    }
    for (const record of found) this.put(record);
    return found;
  }

  #settle(start: number, record: JobRecord): void {
    this.#set(this.#sink(this.#rise(start, record), record), record);
  }

  #rise(start: number, record: JobRecord): number {
    let place = start;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !this.#before(record, parent)) break;
      this.#set(place, parent);
      place = above;
    }
    return place;
  }

  #sink(start: number, record: JobRecord): number {
    let place = start;
    for (;;) {
      const below = this.#firstChild(place);
      const child = this.#items[below];
      if (child === undefined || !this.#before(child, record)) return place;
      this.#set(place, child);
      place = below;
    }
  }

  #firstChild(place: number): number {
    const left = this.#items[2 * place + 1];
    const right = this.#items[2 * place + 2];
    return left !== undefined && right !== undefined && this.#before(right, left) ? 2 * place + 2 : 2 * place + 1;
  }

  #set(place: number, record: JobRecord): void {
    this.#items[place] = record;
    this.#places.set(record.id, place);
  }
}
