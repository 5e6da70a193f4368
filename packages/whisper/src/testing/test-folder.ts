import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerId, processesOf } from '@media-jobs/process';
import { afterAll, expect } from 'vitest';

/** A folder for the tests of one file. After them it is removed, and no process that they started may be left. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'media-jobs-whisper-'));
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    expect(await processesOf(ownerId())).toEqual([]);
  });
  return folder;
}

/** What was left of temp files that belong to no work folder, and of what was written down about them, where `TMPDIR` was this. */
export function leftOfTempFiles(place: string): readonly string[] {
  return globSync('media-jobs-*/{temp,ledger,locks}/*', { cwd: place });
}
