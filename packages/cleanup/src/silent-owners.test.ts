import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkFolder, type WorkFolder } from '@media-jobs/cleanup';
import { describeOwner, parseOwner } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { randomId, tempName } from './names.ts';
import { createHurriedClock } from './testing/hurried-clock.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const nothing = { owners: 0, files: 0, bytes: 0, processes: 0, unjudged: 0, errors: [] };

function writeLedger(work: WorkFolder, owner: string, entries: readonly { readonly kind: string; readonly at: string }[]): string {
  const file = join(work.path, 'ledger', `${owner}.${randomId()}.jsonl`);
  writeFileSync(file, [{ owner, tempFolder: null }, ...entries.map((entry) => ({ do: 'record', ...entry }))].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

test('an owner of another container goes when its ledger was silent for an hour and was watched meanwhile, and one that gives signs of life stays', async () => {
  const clock = createHurriedClock();
  await using work = await openWorkFolder({ folder: scratch.path('work'), clock });
  const foreign = describeOwner({ host: randomBytes(8).toString('hex'), boot: randomBytes(16).toString('hex'), pidNamespace: 1, pid: 1, start: 1 });
  const [left, kept] = [tempName(), tempName()];
  for (const name of [left, kept]) writeFileSync(join(work.tempFolder, name), 'x');
  const silent = writeLedger(work, foreign, [{ kind: 'temp', at: left }]);
  const beating = writeLedger(work, describeOwner({ ...parseOwner(foreign), pid: 2 }), [{ kind: 'temp', at: kept }]);
  const touch = (ledger: string, minutesAgo: number): Promise<void> => utimes(ledger, clock.now() / 1000 - minutesAgo * 60, clock.now() / 1000 - minutesAgo * 60);
  // After a sleep of the machine all signs are old, so nobody is judged at first sight.
  await touch(silent, 120);
  await touch(beating, 120);
  expect(await work.sweep()).toEqual({ ...nothing, unjudged: 2 });
  clock.pass(19 * 60_000);
  await touch(beating, 0);
  expect(await work.sweep()).toEqual({ ...nothing, unjudged: 2 });
  clock.pass(60_000);
  expect(await work.sweep()).toEqual({ ...nothing, unjudged: 1, owners: 1, files: 1, bytes: 1 });
  expect(readdirSync(work.tempFolder)).toEqual([kept]);
  rmSync(beating);
});

test('an open work folder gives signs of life in its ledger, and none after it is closed', async () => {
  const clock = createHurriedClock();
  const work = await openWorkFolder({ folder: scratch.path('work'), clock });
  const [name = ''] = readdirSync(join(work.path, 'ledger'));
  clock.pass(600_000);
  clock.fire();
  await expect.poll(() => Math.round(statSync(join(work.path, 'ledger', name)).mtimeMs)).toBe(clock.now());
  await work[Symbol.asyncDispose]();
  clock.fire();
  expect(readdirSync(join(work.path, 'ledger'))).toEqual([]);
});
