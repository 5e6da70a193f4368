import { expect, test } from 'vitest';
import { systemClock } from '@media-jobs/foundation';

test('a sleep ends at once when its signal aborts, with the reason of the abort', async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
});

test('a sleep with an aborted signal never starts', async () => {
  await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});

test('a finished sleep leaves no listener on its signal', async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const counting = new Proxy(signal, {
    get: (target, key) => {
      if (key === 'addEventListener') return (...args: Parameters<AbortSignal['addEventListener']>) => (listeners++, target.addEventListener(...args));
      if (key === 'removeEventListener') return (...args: Parameters<AbortSignal['removeEventListener']>) => (listeners--, target.removeEventListener(...args));
      return Reflect.get(target, key, target) as unknown;
    },
  });
  await systemClock.sleep(1, counting);
  expect(listeners).toBe(0);
});

test('a cancelled timer never fires', async () => {
  let fired = false;
  const timer = systemClock.after(1, () => (fired = true));
  timer.cancel();
  timer.cancel();
  await systemClock.sleep(10);
  expect(fired).toBe(false);
});

test('a time longer than the timers of Node can hold does not fire at once', async () => {
  let fired = false;
  using _timer = systemClock.after(2 ** 40, () => (fired = true));
  await systemClock.sleep(5);
  expect(fired).toBe(false);
});
