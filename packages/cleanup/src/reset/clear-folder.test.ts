import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clearFolder, type ClearFolderOptions } from './clear-folder.ts';
import { largeFolderBytes } from './entries-of.ts';

let root = '';
const count = 4_000;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clear-folder-'));
  mkdirSync(join(root, 'large'));
  for (let number = 0; number < count; number += 1) writeFileSync(join(root, 'large', `a-name-that-takes-its-room-${number}`), 'four');
  expect(statSync(join(root, 'large')).size).toBeGreaterThan(largeFolderBytes);
});
afterEach(() => {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(join('/proc/self/fd', fd))];
    } catch {
      // The one that lists them is closed by now.
      return [];
    }
  });
  rmSync(root, { recursive: true, force: true });
  expect(open.filter((path) => path.startsWith(root))).toEqual([]);
});

async function clear(options: Partial<ClearFolderOptions> = {}): Promise<{ readonly bytes: number[]; readonly stubborn: string[] }> {
  const found = { bytes: [] as number[], stubborn: [] as string[] };
  await clearFolder(root, { signal: new AbortController().signal, onRemoved: (bytes) => void found.bytes.push(bytes), onStubborn: (path) => void found.stubborn.push(path), ...options });
  return found;
}

describe('a folder of thousands of files, which is read in parts', () => {
  test('is emptied and removed, and each file is told with its bytes', async () => {
    const { bytes, stubborn } = await clear();
    expect([bytes.length, new Set(bytes), stubborn]).toEqual([count, new Set([4]), []]);
    expect(readdirSync(root)).toEqual([]);
  });

  test('stays, empty, where folders are to stay', async () => {
    await clear({ folders: false });
    expect(readdirSync(root, { recursive: true })).toEqual(['large']);
  });

  test('stays with what is kept, and only with that', async () => {
    const { bytes } = await clear({ keep: (path) => path.endsWith('-17') });
    expect(bytes).toHaveLength(count - 1);
    expect(readdirSync(root, { recursive: true })).toEqual(['large', join('large', 'a-name-that-takes-its-room-17')]);
  });

  test('is left soon after an abort', async () => {
    const controller = new AbortController();
    let removed = 0;
    await clear({ signal: controller.signal, onRemoved: () => void (++removed === 500 && controller.abort()) });
    expect(removed).toBeLessThan(600);
    expect(readdirSync(join(root, 'large'))).toHaveLength(count - removed);
  });

  test('is left with the error of whoever is told', async () => {
    const failing = clear({ onRemoved: () => { throw new Error('told enough'); } });
    await expect(failing).rejects.toThrow('told enough');
  });
});
