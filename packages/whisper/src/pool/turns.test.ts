import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('turns are given one at a time, in the order of asking', async () => {
  const turns = new Turns();
  const order: number[] = [];
  const first = await turns.take();
  const others = [1, 2, 3].map(async (number) => {
    using _turn = await turns.take();
    order.push(number);
    await settle();
    order.push(number);
  });
  await settle();
  expect(order).toEqual([]);
  first[Symbol.dispose]();
  await Promise.all(others);
  expect(order).toEqual([1, 1, 2, 2, 3, 3]);
});

test('who aborts while waiting gives up the place, and nobody waits for it', async () => {
  const turns = new Turns();
  const first = await turns.take();
  const controller = new AbortController();
  const second = turns.take(controller.signal);
  const third = turns.take();
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
  first[Symbol.dispose]();
  await expect(third).resolves.toBeDefined();
});

test('an abort that came before asking takes no turn', async () => {
  const turns = new Turns();
  await expect(turns.take(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(turns.take()).resolves.toBeDefined();
});

test('a turn that is ended twice lets only one in', async () => {
  const turns = new Turns();
  const first = await turns.take();
  let inside = 0;
  for (let index = 0; index < 2; index += 1) void turns.take().then(() => (inside += 1));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await settle();
  expect(inside).toBe(1);
});
