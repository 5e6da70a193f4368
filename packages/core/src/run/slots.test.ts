import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;

test('no more places are held than there are, and one that is given up goes to the first who waits', async () => {
  const slots = createSlots({ hear: 2, probe: 1 });
  await slots.take('hear', never);
  await slots.take('hear', never);
  const order: string[] = [];
  const first = slots.take('hear', never).then(() => order.push('first'));
  const second = slots.take('hear', never).then(() => order.push('second'));
  await slots.take('probe', never);
  expect(slots.held()).toBe(3);
  slots.give('hear');
  await first;
  expect(slots.takeFree('hear', 1)).toBe(0);
  slots.give('hear');
  await second;
  expect(order).toEqual(['first', 'second']);
  for (const operation of ['hear', 'hear', 'probe']) slots.give(operation);
  expect([slots.held(), slots.free('hear'), slots.free('probe')]).toEqual([0, 2, 1]);
});

test('who gives up waiting gets no place and takes none away', async () => {
  const slots = createSlots({ hear: 1 });
  await slots.take('hear', never);
  const impatient = new AbortController();
  const waiting = slots.take('hear', impatient.signal);
  const patient = slots.take('hear', never);
  impatient.abort(new Error('no'));
  await expect(waiting).rejects.toThrow('no');
  await expect(slots.take('hear', impatient.signal)).rejects.toThrow('no');
  slots.give('hear');
  await patient;
  slots.give('hear');
  expect(slots.free('hear')).toBe(1);
});

test('only free places are taken at once, and an unknown operation has none', () => {
  const slots = createSlots({ hear: 3 });
  expect([slots.takeFree('hear', 2), slots.takeFree('hear', 5), slots.takeFree('hear', 1), slots.takeFree('other', 1)]).toEqual([2, 1, 0, 0]);
});
