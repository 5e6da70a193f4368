import { expect, test } from 'vitest';
import { createKeyedLock } from './keyed-lock.ts';

test('one key goes one after the other, also past a failure; another key does not wait', async () => {
  const lock = createKeyedLock();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lock('a', async () => {
    await gate.promise;
    seen.push('first');
    throw new Error('no');
  });
  const second = lock('a', async () => seen.push('second'));
  await lock('b', async () => seen.push('other'));
  gate.resolve();
  await expect(first).rejects.toThrow('no');
  await second;
  await lock('a', async () => seen.push('third'));
  expect(seen).toEqual(['other', 'first', 'second', 'third']);
});
