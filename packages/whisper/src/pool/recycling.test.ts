import { expect, test } from 'vitest';
import { recycleDefaults, Wear } from './recycling.ts';

const mebibyte = 1024 * 1024;
const after = (wear: Wear, { mebibytes = 400, now = 0, gpuGrew = false }: { mebibytes?: number; now?: number; gpuGrew?: boolean } = {}): string | undefined => wear.afterRun({ peakRssBytes: mebibytes * mebibyte }, now, gpuGrew);

test('an engine goes after its hundredth run', () => {
  const wear = new Wear(recycleDefaults, 0);
  const said = Array.from({ length: 100 }, () => after(wear));
  expect(said).toEqual([...Array.from({ length: 99 }, () => undefined), 'runs']);
});

test('an engine goes with the first run that ends an hour after its start', () => {
  const wear = new Wear(recycleDefaults, 1000);
  expect([after(wear, { now: 3_600_999 }), after(wear, { now: 3_601_000 })]).toEqual([undefined, 'age']);
});

test('an engine goes when its memory has doubled since the first run and grown by half a gigabyte; either alone is no leak', () => {
  const [small, large] = [new Wear(recycleDefaults, 0), new Wear(recycleDefaults, 0)];
  expect([400, 800, 912, 913].map((mebibytes) => after(small, { mebibytes }))).toEqual([undefined, undefined, undefined, 'memory']);
  expect([2000, 2600, 4000, 4001].map((mebibytes) => after(large, { mebibytes }))).toEqual([undefined, undefined, undefined, 'memory']);
});

test('an engine goes when the card says that it grew', () => {
  expect(after(new Wear(recycleDefaults, 0), { gpuGrew: true })).toBe('memory');
});

test('an engine that does not tell its memory is not held to have grown', () => {
  const wear = new Wear(recycleDefaults, 0);
  expect([wear.afterRun({ peakRssBytes: null }, 0, false), wear.afterRun({ peakRssBytes: null }, 0, false)]).toEqual([undefined, undefined]);
});
