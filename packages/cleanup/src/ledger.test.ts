import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@media-jobs/foundation';
import { ownerId } from '@media-jobs/process';
import { afterEach, expect, test } from 'vitest';
import type { LedgerEntry } from './ledger-entry.ts';
import { listLedgers, openLedger, readLedger, type OpenLedger } from './ledger.ts';
import { partName, tempName } from './names.ts';
import { prepareWorkFolder } from './prepare-work-folder.ts';
import { isRoot, useScratch } from './testing/scratch.ts';
import type { WorkFolderPlaces } from './work-folder-places.ts';

const scratch = useScratch();
const owner = ownerId();
const opened: OpenLedger[] = [];
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close({ keep: true });
});

async function open(folder = scratch.path('work'), outerTemp?: string): Promise<{ places: WorkFolderPlaces; ledger: OpenLedger; file: string; temp: () => LedgerEntry }> {
  const places = await prepareWorkFolder(folder, outerTemp);
  const before = new Set(readdirSync(places.ledgerFolder));
  const ledger = await openLedger({ places, owner, logger: silentLogger });
  opened.push(ledger);
  const name = readdirSync(places.ledgerFolder).find((found) => !before.has(found)) ?? '';
  return { places, ledger, file: join(places.ledgerFolder, name), temp: () => ({ kind: 'temp', path: join(places.tempFolder, tempName()) }) };
}

test('an entry stands in the file when its promise resolves, and counts no more when it is forgotten', async () => {
  const { places, ledger, file, temp } = await open();
  const entries: LedgerEntry[] = [temp(), { kind: 'part', path: scratch.path('dir with\nline end', partName('.wav')) }, { kind: 'staged', path: join(places.folder, 'jobs/epoch/job/token') }];
  for (const entry of entries) {
    await ledger.record(entry);
    expect((await readLedger(file, places)).entries).toContainEqual(entry);
  }
  expect(await ledger.entries()).toEqual(entries);
  await ledger.forget(entries[1]!);
  expect(await ledger.entries()).toEqual([entries[0], entries[2]]);
});

test('the file is for this user only, named after the owner, and goes when the ledger closes', async () => {
  const { places, ledger, file } = await open();
  expect(await listLedgers(places)).toEqual([{ path: file, owner }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await ledger.close({ keep: false });
  expect(readdirSync(places.ledgerFolder)).toEqual([]);
});

test('two ledgers of one process on one folder do not touch each other', async () => {
  const [one, two] = [await open(), await open()];
  const [first, second] = [one.temp(), two.temp()];
  await one.ledger.record(first);
  await two.ledger.record(second);
  await one.ledger.forget(second);
  await one.ledger.close({ keep: false });
  expect(await two.ledger.entries()).toEqual([second]);
  await two.ledger.close({ keep: false });
});

test('a closed ledger takes no entries, and forgetting is harmless', async () => {
  const { ledger, temp } = await open();
  const entry = temp();
  await ledger.record(entry);
  await ledger.close({ keep: true });
  await expect(ledger.record(temp())).rejects.toMatchObject({ code: 'CLOSED' });
  await ledger.forget(entry);
  expect(await ledger.entries()).toEqual([entry]);
});

test('lines that are torn, foreign or senseless are passed over, and those around them count', async () => {
  const { places, ledger, file, temp } = await open();
  const [first, second] = [temp(), temp()];
  await ledger.record(first);
  appendFileSync(file, 'null\n[]\n17\n{"do":"burn","kind":"temp","at":"x"}\n{"do":"record","kind":"disk","at":"x"}\n{"do":"record","kind":"temp"}\n\n');
  appendFileSync(file, `{"do":"record","kind":"temp","at":"${tempName().slice(0, 9)}`);
  expect(await readLedger(file, places)).toEqual({ entries: [first], refused: [] });
  appendFileSync(file, '\n');
  await ledger.record(second);
  expect((await readLedger(file, places)).entries).toEqual([first, second]);
});

test('every cut of a ledger in the middle of a line leaves the whole lines before it', async () => {
  const { places, ledger, file, temp } = await open();
  const entries = [temp(), temp()];
  for (const entry of entries) await ledger.record(entry);
  await ledger.close({ keep: true });
  const text = readFileSync(file, 'utf8');
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  for (let length = 0; length <= text.length; length += 1) {
    writeFileSync(file, text.slice(0, length));
    const whole = ends.filter((end) => end <= length).length - 1;
    expect((await readLedger(file, places)).entries).toEqual(entries.slice(0, Math.max(0, whole)));
  }
});

test.each([
  ['temp', '../../etc/passwd'],
  ['temp', '/etc/passwd'],
  ['temp', 'passwd'],
  ['temp', ''],
  ['temp', '.'],
  ['part', '/etc/passwd'],
  ['part', 'relative/.aaaaaaaaaaaaaaaaaaaaaaaaaa.part'],
  ['part', '/etc/../etc/.aaaaaaaaaaaaaaaaaaaaaaaaaa.part'],
  ['part', '/etc/.aaaaaaaaaaaaaaaaaaaaaaaaaa.part/../passwd'],
  ['staged', 'jobs'],
  ['staged', 'jobs/a/b'],
  ['staged', 'jobs/../../etc'],
  ['staged', 'jobs/a/b/..'],
  ['staged', '/etc/a/b/c'],
])('a ledger that names the %s %j is not believed', async (kind, at) => {
  const { places, file } = await open();
  appendFileSync(file, `${JSON.stringify({ do: 'record', kind, at })}\n`);
  expect(await readLedger(file, places)).toEqual({ entries: [], refused: [at] });
});

test('a path that no sweep would believe is refused when it is recorded', async () => {
  const { places, ledger } = await open();
  for (const entry of [
    { kind: 'temp', path: '/etc/passwd' },
    { kind: 'temp', path: join(places.folder, tempName()) },
    { kind: 'part', path: scratch.path('out.wav') },
    { kind: 'staged', path: places.folder },
  ] as const) await expect(ledger.record(entry)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(await ledger.entries()).toEqual([]);
});

test('a ledger that says that its temp folder was somewhere else is believed only for a folder of this work folder', async () => {
  const outer = await open(scratch.path('work'), scratch.path('fast disk'));
  const entry = outer.temp();
  await outer.ledger.record(entry);
  const { places } = await open();
  expect(places.tempFolder).not.toBe(outer.places.tempFolder);
  expect((await readLedger(outer.file, places)).entries).toEqual([entry]);
  for (const tempFolder of ['/etc', 'relative', join('/etc', outer.places.id), 17]) {
    writeFileSync(outer.file, `${JSON.stringify({ owner, tempFolder })}\n${JSON.stringify({ do: 'record', kind: 'temp', at: 'temp-aaaaaaaaaaaaaaaaaaaaaaaaaa' })}\n`);
    expect(await readLedger(outer.file, places)).toEqual({ entries: [], refused: ['temp-aaaaaaaaaaaaaaaaaaaaaaaaaa'] });
  }
});

test('a work folder that was moved takes its ledgers along', async () => {
  const { places, file, ledger, temp } = await open();
  const entry = temp();
  await ledger.record(entry);
  const moved = { ...places, folder: scratch.path('moved'), tempFolder: scratch.path('moved', 'temp') };
  expect((await readLedger(file, moved)).entries).toEqual([{ kind: 'temp', path: entry.path.replace(places.folder, moved.folder) }]);
});

test('ten thousand entries that come and go leave a short file, and the one that stays is still in it', async () => {
  const { places, ledger, file, temp } = await open();
  const staying = temp();
  await ledger.record(staying);
  for (let round = 0; round < 100; round += 1) {
    const entries = Array.from({ length: 100 }, temp);
    await Promise.all(entries.map((entry) => ledger.record(entry)));
    await Promise.all(entries.map((entry) => ledger.forget(entry)));
  }
  expect(statSync(file).size).toBeLessThan(128 * 1024);
  await ledger.close({ keep: true });
  expect(await readLedger(file, places)).toEqual({ entries: [staying], refused: [] });
  expect(readdirSync(places.ledgerFolder)).toHaveLength(1);
});

test.skipIf(!isRoot)('on a full disk an entry is refused as DISK_FULL, and what was in the ledger stays readable (a mount, so as root only)', async () => {
  const { places, ledger, file, temp } = await open(join(scratch.tmpfs('disk', 'size=64k'), 'work'));
  const before = temp();
  await ledger.record(before);
  const filler = join(places.folder, 'filler');
  expect(() => writeFileSync(filler, Buffer.alloc(64 * 1024))).toThrow('ENOSPC');
  const added: LedgerEntry[] = [];
  const fill = async (): Promise<void> => {
    for (;;) {
      const entry = temp();
      await ledger.record(entry);
      added.push(entry);
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await readLedger(file, places)).toEqual({ entries: [before, ...added], refused: [] });
  writeFileSync(filler, '');
  const after = temp();
  await ledger.record(after);
  expect((await readLedger(file, places)).entries).toEqual([before, ...added, after]);
});
