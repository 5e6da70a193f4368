import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePlaces } from '@media-jobs/core';
import { CreationOrder } from './creation-order.ts';

test('whatever comes and goes, also the same id again at another time, the newest is first and each is there once', () => {
  const step = fc.record({ id: fc.nat({ max: 150 }).map(String), createdAt: fc.nat({ max: 5 }), stays: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { minLength: 50, maxLength: 600, size: 'max' }), fc.nat({ max: 5 }), (steps, cut) => {
    const order = new CreationOrder();
    const kept = new Map<string, number>();
    for (const { id, createdAt, stays } of steps) {
      if (kept.has(id)) order.remove({ id, createdAt: kept.get(id) ?? 0 });
      kept.delete(id);
      if (stays) order.add({ id, createdAt });
      if (stays) kept.set(id, createdAt);
    }
    const expected = Array.from(kept, ([id, createdAt]) => ({ id, createdAt })).toSorted(comparePlaces).toReversed();
    expect([...order.idsBackwards()]).toEqual(expected.map(({ id }) => id));
    const place = { createdAt: cut, id: '75' };
    expect([...order.idsBackwards(place)]).toEqual(expected.filter((each) => comparePlaces(each, place) < 0).map(({ id }) => id));
  }), { numRuns: 100 });
});
