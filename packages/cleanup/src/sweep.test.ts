import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openWorkFolder, type WorkFolder } from '@media-jobs/cleanup';
import { describeOwner, endProcesses, ownerId, parseOwner, processesOf } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';
import { partName, randomId, tempName } from './names.ts';
import { startChild, type TestChild } from './testing/child.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const open = (): Promise<WorkFolder> => openWorkFolder({ folder: scratch.path('work') });
const nothing = { owners: 0, files: 0, bytes: 0, processes: 0, unjudged: 0, errors: [] };
const owners = new Set<string>();

interface Held {
  readonly owner: string;
  readonly paths: readonly string[];
  readonly staged: string;
  readonly taken: string;
  readonly grandchild: number;
}

/** A process that holds a temp file, a temp folder, a part file, a staged folder and a running grandchild. */
async function startHolder(near = scratch.path('out.wav')): Promise<TestChild & { readonly held: Held }> {
  const child = startChild('hold-things', [scratch.path('work'), near]);
  const held = (await child.next()) as Held;
  owners.add(held.owner);
  return { ...child, held };
}

/** An owner of this host that cannot be there: its pid is this process's, its start was another. */
function deadOwner(): string {
  const self = parseOwner(ownerId());
  return describeOwner({ ...self, start: self.start + 1 });
}

function writeLedger(work: WorkFolder, owner: string, entries: readonly { readonly kind: string; readonly at: string }[]): string {
  const file = join(work.path, 'ledger', `${owner}.${randomId()}.jsonl`);
  writeFileSync(file, [{ owner, tempFolder: null }, ...entries.map((entry) => ({ do: 'record', ...entry }))].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

afterAll(async () => {
  const left: number[] = [];
  for (const owner of owners) left.push(...(await endProcesses(await processesOf(owner), { ownerId: owner })));
  expect(left).toEqual([]);
});

test('after kill -9 a sweep removes files, folders, part files, and the process that was left running', async () => {
  await using work = await open();
  mkdirSync(scratch.path('outputs'));
  writeFileSync(scratch.path('outputs', 'precious'), 'x');
  const { held, kill } = await startHolder(scratch.path('outputs', 'out.wav'));
  await kill();
  expect(held.paths.every(existsSync)).toBe(true);
  expect(await processesOf(held.owner)).toContain(held.grandchild);
  const report = await work.sweep();
  expect(report).toMatchObject({ owners: 1, files: 4, errors: [] });
  expect(report.bytes).toBe('a temp file'.length + 'a chunk'.length + 'half a file'.length + scratch.path('outputs').length);
  expect(report.processes).toBeGreaterThanOrEqual(2);
  expect(held.paths.filter(existsSync)).toEqual([]);
  expect(readdirSync(scratch.path('outputs'))).toEqual(['precious']);
  expect(await processesOf(held.owner)).toEqual([]);
  expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(1);
  expect(await work.sweep()).toEqual(nothing);
});

test('opening a work folder sweeps it, and tells of it', async () => {
  const { held, kill } = await startHolder();
  await kill();
  await using work = await open();
  expect(work.openingSweep.owners).toBe(1);
  expect(held.paths.filter(existsSync)).toEqual([]);
  expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(1);
});

test('a staged folder of a dead process is an orphan for whoever knows the records, and an accepted one is not touched', async () => {
  await using work = await open();
  const { held, kill } = await startHolder();
  await kill();
  const accepted = new Set(['jobs/epoch/job/taken']);
  await work.sweep();
  expect(existsSync(held.staged)).toBe(true);
  // What a sweep of records does: folders first, then the ledger, then the records.
  const folders = await work.listJobFolders();
  const staged = await work.stagedFolders();
  for (const folder of folders) if (!staged.has(folder) && !accepted.has(folder)) await work.removeJobFolder(folder);
  expect(existsSync(held.staged)).toBe(false);
  expect(readFileSync(join(held.taken, 'input'), 'utf8')).toBe('an accepted input');
});

test('nothing of a process that lives is touched, and what it has staged is known', async () => {
  await using work = await open();
  const { held, kill } = await startHolder();
  expect(await work.sweep()).toEqual(nothing);
  expect([...held.paths, held.staged].every(existsSync)).toBe(true);
  expect(await processesOf(held.owner)).toContain(held.grandchild);
  expect([...(await work.stagedFolders())]).toEqual(['jobs/epoch/job/staged']);
  await kill();
  expect([...(await work.stagedFolders())]).toEqual([]);
  await work.sweep();
});

test('a pid that belongs to a later process does not save what the dead one left', async () => {
  await using work = await open();
  const name = tempName();
  writeFileSync(join(work.tempFolder, name), 'x');
  writeLedger(work, deadOwner(), [{ kind: 'temp', at: name }]);
  expect(await work.sweep()).toEqual({ ...nothing, owners: 1, files: 1, bytes: 1 });
  expect(readdirSync(work.tempFolder)).toEqual([]);
});

test('an owner that cannot be judged from here is left alone, unless somebody else knows it to be dead', async () => {
  await using work = await open();
  const foreign = describeOwner({ host: randomBytes(8).toString('hex'), boot: randomBytes(16).toString('hex'), pidNamespace: 1, pid: 1, start: 1 });
  const name = tempName();
  writeFileSync(join(work.tempFolder, name), 'x');
  const ledger = writeLedger(work, foreign, [{ kind: 'temp', at: name }, { kind: 'staged', at: 'jobs/epoch/job/token' }]);
  expect(await work.sweep()).toEqual({ ...nothing, unjudged: 1 });
  expect(await work.sweep({ judgeOwner: async () => 'alive' })).toEqual(nothing);
  expect([...(await work.stagedFolders())]).toEqual(['jobs/epoch/job/token']);
  expect(await work.sweep({ judgeOwner: async (owner) => (owner === foreign ? 'dead' : 'unknown') })).toMatchObject({ owners: 1, files: 1 });
  expect(existsSync(ledger)).toBe(false);
});

test('a judge is not asked about owners of this host', async () => {
  await using work = await open();
  writeLedger(work, deadOwner(), []);
  const asked: string[] = [];
  await work.sweep({
    judgeOwner: async (owner) => {
      asked.push(owner);
      return 'alive';
    },
  });
  expect(asked).toEqual([]);
});

test('a ledger that names what is not ours removes nothing of it, is reported, and goes', async () => {
  await using work = await open();
  writeFileSync(scratch.path('precious'), 'x');
  mkdirSync(scratch.path('.aaaaaaaaaaaaaaaaaaaaaaaaaa.part'));
  const names = [{ kind: 'temp', at: '../../precious' }, { kind: 'part', at: scratch.path('precious') }, { kind: 'temp', at: '.' }];
  const ledger = writeLedger(work, deadOwner(), names);
  const report = await work.sweep();
  expect(report).toMatchObject({ owners: 1, files: 0, errors: names.map(({ at }) => ({ path: at })) });
  expect(existsSync(ledger)).toBe(false);
  // A folder with the name of a part file is none of ours either.
  const second = writeLedger(work, deadOwner(), [{ kind: 'part', at: scratch.path('.aaaaaaaaaaaaaaaaaaaaaaaaaa.part') }]);
  expect(await work.sweep()).toMatchObject({ owners: 0, errors: [{ reason: 'EISDIR' }] });
  expect(scratch.tree(scratch.path()).filter((name) => !name.startsWith('work/'))).toEqual(['.aaaaaaaaaaaaaaaaaaaaaaaaaa.part/', 'precious']);
  rmSync(second);
});

test('a link in the place of a temp file or folder goes, and what it leads to stays', async () => {
  await using work = await open();
  mkdirSync(scratch.path('outside'));
  writeFileSync(scratch.path('outside', 'precious'), 'x');
  const [toFolder, toFile, part] = [tempName(), tempName(), partName('.wav')];
  symlinkSync(scratch.path('outside'), join(work.tempFolder, toFolder));
  symlinkSync(scratch.path('outside', 'precious'), join(work.tempFolder, toFile));
  symlinkSync(scratch.path('outside', 'precious'), scratch.path(part));
  writeLedger(work, deadOwner(), [{ kind: 'temp', at: toFolder }, { kind: 'temp', at: toFile }, { kind: 'part', at: scratch.path(part) }]);
  expect(await work.sweep()).toMatchObject({ owners: 1, files: 3, errors: [] });
  expect(readdirSync(work.tempFolder)).toEqual([]);
  expect(scratch.tree(scratch.path('outside'))).toEqual(['precious']);
});

test.skipIf(!isRoot)('what cannot be removed is reported and stays in the ledger, and the rest goes (a mount, so as root only)', async () => {
  await using work = await openWorkFolder({ folder: scratch.path('work'), clock: hurryingClock() });
  const [stuck, free] = [tempName(), tempName()];
  writeFileSync(join(work.tempFolder, free), 'x');
  scratch.tmpfs(join('work', 'temp', stuck), 'size=64k');
  const ledger = writeLedger(work, deadOwner(), [{ kind: 'temp', at: stuck }, { kind: 'temp', at: free }]);
  expect(await work.sweep()).toEqual({ ...nothing, files: 1, bytes: 1, errors: [{ path: join(work.tempFolder, stuck), reason: 'EBUSY' }] });
  expect(existsSync(ledger)).toBe(true);
});

/** A clock on which waiting takes no time. */
function hurryingClock(): NonNullable<Parameters<typeof openWorkFolder>[0]['clock']> {
  let now = 0;
  const timer = { cancel: () => undefined, [Symbol.dispose]: () => undefined };
  return { now: () => Date.now(), monotonic: () => now, after: () => timer, sleep: async (ms) => void (now += ms) };
}

test('what no ledger names goes after seven days, if the name is ours', async () => {
  await using work = await open();
  await using mine = await work.temp.file();
  const [old, young] = [tempName(), tempName()];
  for (const name of [old, young, 'notes.txt', '.aaaaaaaaaaaaaaaaaaaaaaaaaa.part']) writeFileSync(join(work.tempFolder, name), 'x');
  const days = (count: number): number => Date.now() / 1000 - count * 86_400;
  for (const name of [old, 'notes.txt', '.aaaaaaaaaaaaaaaaaaaaaaaaaa.part', basename(mine.path)]) await utimes(join(work.tempFolder, name), days(8), days(8));
  await utimes(join(work.tempFolder, young), days(6), days(6));
  expect(await work.sweep()).toEqual({ ...nothing, files: 1, bytes: 1 });
  expect(readdirSync(work.tempFolder).sort()).toEqual(['.aaaaaaaaaaaaaaaaaaaaaaaaaa.part', 'notes.txt', basename(mine.path), young].sort());
});

test('five sweeps at once remove all that is dead, once, and none of them complains', async () => {
  await using work = await open();
  const others = await Promise.all(Array.from({ length: 4 }, open));
  const names = Array.from({ length: 50 }, () => tempName());
  for (const name of names) {
    mkdirSync(join(work.tempFolder, name, 'deep'), { recursive: true });
    writeFileSync(join(work.tempFolder, name, 'deep', 'file'), 'x');
  }
  for (let count = 0; count < 10; count += 1) writeLedger(work, deadOwner(), names.slice(count * 5, count * 5 + 5).map((at) => ({ kind: 'temp', at })));
  const reports = await Promise.all([work, ...others].map((folder) => folder.sweep()));
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  expect(reports.reduce((sum, { files }) => sum + files, 0)).toBe(50);
  expect(readdirSync(work.tempFolder)).toEqual([]);
  for (const other of others) await other[Symbol.asyncDispose]();
  expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(1);
});

test('an aborted sweep ends between two removals, and the next one does the rest', async () => {
  await using work = await open();
  const name = tempName();
  writeFileSync(join(work.tempFolder, name), '');
  writeLedger(work, deadOwner(), [{ kind: 'temp', at: name }]);
  await expect(work.sweep({ signal: AbortSignal.abort() })).rejects.toThrow('abort');
  expect(await work.sweep()).toMatchObject({ owners: 1, files: 1 });
});

test('what a crash left of a ledger that was being written anew goes with the ledger', async () => {
  await using work = await open();
  const ledger = writeLedger(work, deadOwner(), []);
  writeFileSync(`${ledger}.new`, '{"do":"rec');
  expect(await work.sweep()).toMatchObject({ owners: 1, errors: [] });
  expect(readdirSync(join(work.path, 'ledger'))).toHaveLength(1);
});

test('a file in the ledger folder that is no ledger is left alone', async () => {
  await using work = await open();
  writeFileSync(join(work.path, 'ledger', 'notes.txt'), 'x');
  writeFileSync(join(work.path, 'ledger', `o1-no-owner.${randomId()}.jsonl`), 'x');
  expect(await work.sweep()).toEqual(nothing);
});

test('the dead of this host are told while their ledgers lie here, and after a sweep of one\'s own removed them; the living and strangers are not', async () => {
  await using work = await openWorkFolder({ folder: scratch.path('work') });
  expect(await work.deadOwners()).toEqual(new Set());
  const [dead, foreign] = [deadOwner(), describeOwner({ ...parseOwner(ownerId()), host: randomBytes(8).toString('hex'), boot: randomBytes(16).toString('hex') })];
  for (const owner of [dead, foreign]) writeLedger(work, owner, []);
  expect(await work.deadOwners()).toEqual(new Set([dead]));
  expect(await work.sweep()).toMatchObject({ owners: 1, unjudged: 1 });
  expect(await work.deadOwners()).toEqual(new Set([dead]));
});
