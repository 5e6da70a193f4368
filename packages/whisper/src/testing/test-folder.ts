import { mkdtempSync, rmSync } from 'node:fs';
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
