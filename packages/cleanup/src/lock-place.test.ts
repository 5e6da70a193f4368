import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@media-jobs/foundation';
import { describeOwner, ownerId, parseOwner } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { giveBack, holdingName, readHolding, removeDeadDrafts, takeFree, takeOver, touchHolding, type Holding } from './lock-place.ts';
import { randomId } from './names.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const lock = (): string => scratch.path('lock');

async function held(): Promise<Holding> {
  const holding = await readHolding(lock());
  if (holding === undefined) throw new Error('Expected a lock that is held, got a free one.');
  return holding;
}

/** Fifty who do the same at once; how many of them succeeded. */
async function winners(act: (name: string) => Promise<boolean>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: 50 }, () => act(holdingName())));
  return answers.filter(Boolean).length;
}

test('of fifty who take a free lock at once one gets it, and nothing is left of the others', async () => {
  expect(await winners((name) => takeFree(lock(), name))).toBe(1);
  expect(readdirSync(scratch.path())).toEqual(['lock']);
  expect(readdirSync(lock())).toEqual([(await held()).name]);
});

test('of fifty who take the same holding over at once one gets it', async () => {
  await takeFree(lock(), holdingName());
  const left = await held();
  expect(await winners((name) => takeOver(lock(), left, name, { ifUntouched: true }))).toBe(1);
  expect(readdirSync(lock())).toHaveLength(1);
});

test('who judged a holding and comes late cannot take a later one', async () => {
  await takeFree(lock(), holdingName());
  const judged = await held();
  const [second, late] = [holdingName(), holdingName()];
  await takeOver(lock(), judged, second, { ifUntouched: true });
  expect(await takeOver(lock(), judged, late, { ifUntouched: true })).toBe(false);
  expect((await held()).name).toBe(second);
  await giveBack(lock(), second);
  await takeFree(lock(), second);
  expect(await takeOver(lock(), judged, late, { ifUntouched: false })).toBe(false);
  expect((await held()).name).toBe(second);
});

test('a holding that gave a sign of life after it was judged silent is left to its owner', async () => {
  const owner = holdingName();
  await takeFree(lock(), owner);
  const judged = await held();
  await touchHolding(lock(), owner, Date.now() + 5_000);
  expect(await takeOver(lock(), judged, holdingName(), { ifUntouched: true })).toBe(false);
  expect(await touchHolding(lock(), owner, Date.now())).toBe(true);
});

test('who lost the lock hears of it, and gives nothing back that is not theirs', async () => {
  const [first, second] = [holdingName(), holdingName()];
  await takeFree(lock(), first);
  await takeOver(lock(), await held(), second, { ifUntouched: true });
  expect(await touchHolding(lock(), first, Date.now())).toBe(false);
  expect(await giveBack(lock(), first)).toBe(false);
  expect((await held()).name).toBe(second);
  expect(await giveBack(lock(), second)).toBe(true);
  expect(existsSync(lock())).toBe(false);
});

test('an empty folder, as a crash between the two steps of giving back leaves it, is a free lock', async () => {
  mkdirSync(lock());
  expect(await readHolding(lock())).toBeUndefined();
  expect(await takeFree(lock(), holdingName())).toBe(true);
});

test('what is no lock is refused and stays as it was', async () => {
  mkdirSync(scratch.path('folder'));
  mkdirSync(scratch.path('empty'));
  for (const name of ['folder/precious', 'file']) writeFileSync(scratch.path(name), 'x');
  symlinkSync(scratch.path('empty'), scratch.path('link'));
  const before = scratch.tree(scratch.path());
  for (const name of ['folder', 'file']) await expect(readHolding(scratch.path(name))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  for (const name of ['file', 'link']) await expect(takeFree(scratch.path(name), holdingName())).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(scratch.tree(scratch.path())).toEqual(before);
});

test('what processes left that died while they were taking the lock goes, and that of living ones and of other locks stays', async () => {
  const self = parseOwner(ownerId());
  const dead = `${describeOwner({ ...self, start: self.start + 1 })}.${randomId()}.lock`;
  const alive = holdingName();
  const drafts = [`lock.${dead}.draft`, `lock.${alive}.draft`, `other.${dead}.draft`, `lock.${dead}`, 'lock.draft'];
  for (const draft of drafts) mkdirSync(scratch.path(draft));
  writeFileSync(scratch.path(`lock.${dead}.draft`, dead), '');
  await removeDeadDrafts(lock(), silentLogger);
  expect(readdirSync(scratch.path()).sort()).toEqual(drafts.slice(1).sort());
});

test('the time of the last sign of life is read as it was written', async () => {
  const name = holdingName();
  await takeFree(lock(), name);
  await utimes(join(lock(), name), 1_000, 1_000);
  expect((await held()).touchedAt).toBe(1_000_000);
});
