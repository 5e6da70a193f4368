import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createDiskPatience } from './disk-patience.ts';
import { createWorkbench } from './testing/workbench.ts';

const bench = createWorkbench();
afterAll(() => bench[Symbol.dispose]());

/** Writes what the kernel would tell of a program with two threads. */
function tell(states: readonly [string, string], readBytes: number): void {
  for (const [index, state] of states.entries()) {
    mkdirSync(bench.path(`7/task/${7 + index}`), { recursive: true });
    writeFileSync(bench.path(`7/task/${7 + index}/stat`), `${7 + index} (a (strange) name) ${state} 1 7 7 0 -1`);
  }
  writeFileSync(bench.path('7/io'), `rchar: 99999999999\nwchar: 5\nread_bytes: ${readBytes}\nwrite_bytes: 0\n`);
}

test('a program of which a thread waits for a disk that gives nothing shows a new figure at each look', () => {
  const patience = createDiskPatience(bench.folder);
  tell(['S', 'D'], 5_000_000);
  expect([patience(7), patience(7), patience(7)]).toEqual([1, 2, 3]);
});

test('one that is only busy, or sleeps, shows the same', () => {
  const patience = createDiskPatience(bench.folder);
  tell(['R', 'S'], 5_000_000);
  expect([patience(7), patience(7), patience(7)]).toEqual([0, 0, 0]);
});

test('one that reads gigabytes and gets nowhere shows the same, though it waits for each', () => {
  const patience = createDiskPatience(bench.folder);
  const figures = [1, 2, 3, 4].map((look) => {
    tell(['D', 'S'], look * 50_000_000);
    return patience(7);
  });
  // Of the first look nothing is known before.
  expect(figures).toEqual([1, 1, 1, 1]);
});

test('one that is gone shows the same', () => {
  const patience = createDiskPatience(bench.folder);
  tell(['D', 'D'], 0);
  expect(patience(7)).toBe(1);
  rmSync(bench.path('7'), { recursive: true });
  expect(patience(7)).toBe(1);
});

test('this process, which is real, is not taken for one that waits', () => {
  expect(createDiskPatience()(process.pid)).toBe(0);
});
