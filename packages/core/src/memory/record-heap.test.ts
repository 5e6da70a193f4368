import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobRecord } from '@media-jobs/core';
import { RecordHeap } from './record-heap.ts';

const record = (id: string, updatedAt: number): JobRecord => ({ id, updatedAt }) as JobRecord;

test('whatever is put, moved and removed, the first in order is at hand', () => {
  const step = fc.tuple(fc.nat({ max: 20 }), fc.oneof(fc.constant(null), fc.nat({ max: 50 })));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const heap = new RecordHeap((left, right) => left.updatedAt < right.updatedAt);
    const kept = new Map<string, number>();
    for (const [id, updatedAt] of steps) {
      if (updatedAt === null) heap.remove(`${id}`);
      else heap.put(record(`${id}`, updatedAt));
      if (updatedAt === null) kept.delete(`${id}`);
      else kept.set(`${id}`, updatedAt);
      const order = [...kept.values()].toSorted((left, right) => left - right);
      expect([heap.size, heap.first()?.updatedAt]).toEqual([order.length, order[0]]);
      expect(heap.peek(3, ({ updatedAt: at }) => at < 40).map(({ updatedAt: at }) => at)).toEqual(order.filter((at) => at < 40).slice(0, 3));
      expect(heap.size).toBe(order.length);
    }
    expect(new Set(heap.all().map(({ id }) => id))).toEqual(new Set(kept.keys()));
  }));
});
