import { MediaJobError } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { createConcurrencyGate } from './concurrency-gate.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('lets so many in at a time, and the others in the order in which they came', async () => {
  const gate = createConcurrencyGate(2);
  const order: number[] = [];
  const held = [await gate.enter({}), await gate.enter({})];
  const later = [1, 2, 3].map(async (number) => {
    using _place = await gate.enter({});
    order.push(number);
    await settled();
  });
  await settled();
  expect(order).toEqual([]);
  held[0]?.[Symbol.dispose]();
  await settled();
  expect(order[0]).toBe(1);
  held[1]?.[Symbol.dispose]();
  await Promise.all(later);
  expect(order).toEqual([1, 2, 3]);
});

test('a place that is given back twice is one place', async () => {
  const gate = createConcurrencyGate(1);
  const first = await gate.enter({});
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using _second = await gate.enter({});
  let third = false;
  void gate.enter({}).then(() => (third = true));
  await settled();
  expect(third).toBe(false);
});

test('who aborts while waiting leaves the line at once, and those behind come up', async () => {
  const gate = createConcurrencyGate(1);
  const held = await gate.enter({});
  const [signal, kill] = [new AbortController(), new AbortController()];
  const aborted = expect(gate.enter({ signal: signal.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  const killed = expect(gate.enter({ kill: kill.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  const patient = gate.enter({});
  signal.abort();
  await aborted;
  kill.abort(new MediaJobError('CANCELLED', { message: 'no more' }));
  await killed;
  held[Symbol.dispose]();
  expect(await patient).toBeDefined();
});

test('who has aborted before does not take a free place', async () => {
  const gate = createConcurrencyGate(1);
  await expect(gate.enter({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await gate.enter({})).toBeDefined();
});
