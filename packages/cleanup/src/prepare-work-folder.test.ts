import type * as FileSystem from 'node:fs/promises';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { prepareWorkFolder } from './prepare-work-folder.ts';
import { startChild } from './testing/child.ts';
import { useScratch } from './testing/scratch.ts';

/** What happens once, right after the first call of this name on a path that ends so: whatever it found is told only then. */
const halt: { after: { readonly call: 'readFile' | 'readdir'; readonly name: string; readonly act: () => Promise<void> } | null; halted: number } = vi.hoisted(() => ({ after: null, halted: 0 }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const halting = (call: 'readFile' | 'readdir') => async (path: string, ...rest: readonly unknown[]): Promise<unknown> => {
    const [result] = await Promise.allSettled([(real[call] as (...given: readonly unknown[]) => Promise<unknown>)(path, ...rest)]);
    const { after } = halt;
    if (after?.call === call && basename(path) === after.name) {
      halt.after = null;
      halt.halted += 1;
      await after.act();
    }
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
  return { ...real, readFile: halting('readFile'), readdir: halting('readdir') };
});

const scratch = useScratch();

/** Another process opens the folder, has things of every kind in it, and stays. */
async function useByAnother(): Promise<void> {
  await startChild('hold-things', [scratch.path('work'), scratch.path('out.wav')]).next();
}

const idIn = (folder: string): unknown => (JSON.parse(readFileSync(join(folder, 'media-jobs.json'), 'utf8')) as { readonly id: string }).id;

test.each([
  ['has just not found a marker', { call: 'readFile', name: 'media-jobs.json' }],
  ['has just found the folder of jobs empty', { call: 'readdir', name: 'jobs' }],
  ['has just found all of it empty', { call: 'readdir', name: 'ledger' }],
] as const)('whoever %s when another process begins to use the folder takes its marker, and disturbs nothing of it', async (_, place) => {
  halt.halted = 0;
  halt.after = { ...place, act: useByAnother };
  const places = await prepareWorkFolder(scratch.path('work'));
  expect(halt.halted).toBe(1);
  expect(places.id).toBe(idIn(places.folder));
  expect(scratch.tree(places.jobsFolder)).toContain('epoch/job/taken/input');
  expect(scratch.tree(places.tempFolder).filter((name) => name.startsWith('marker'))).toEqual([]);
});

test('what lies there without a marker is refused also when it came between the two looks', async () => {
  halt.after = { call: 'readFile', name: 'media-jobs.json', act: () => Promise.resolve(void mkdirSync(scratch.path('work', 'jobs', 'precious'), { recursive: true })) };
  await expect(prepareWorkFolder(scratch.path('work'))).rejects.toMatchObject({ code: 'WORK_FOLDER_UNSAFE', message: expect.stringContaining('empty before the first use') as string });
  expect(scratch.tree(scratch.path('work'))).toEqual(['jobs/', 'jobs/precious/']);
});
