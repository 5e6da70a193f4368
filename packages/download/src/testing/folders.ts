import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for the suite, gone at its end. */
export function useFolders(): { readonly root: string; fresh(): string; names(folder: string): string[] } {
  const root = mkdtempSync(join(tmpdir(), 'media-jobs-download-'));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true }));
  return {
    root,
    fresh() {
      const folder = join(root, `folder-${(count += 1)}`);
      mkdirSync(folder);
      return folder;
    },
    names: (folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
  };
}
