import type { JobStore } from '../ports/job-store.ts';

/**
 * One store whose calls go to two handles on the same data in turn: whatever one of them keeps in its memory, and should
 * have read, is found out. Disposal disposes both.
 */
export function inTurn(first: JobStore, second: JobStore): JobStore {
  let calls = 0;
  const dispose = async (): Promise<void> => void (await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]));
  return new Proxy(first, {
    get: (_target, name) => {
      if (name === Symbol.asyncDispose) return dispose;
      return Reflect.get((calls += 1) % 2 === 0 ? first : second, name) as unknown;
    },
  });
}
