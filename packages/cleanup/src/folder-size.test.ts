import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { folderSize } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();

test('everything below a folder is counted, a file with two names once, and links are not followed', async () => {
  mkdirSync(scratch.path('outside'));
  writeFileSync(scratch.path('outside', 'big'), 'x'.repeat(10_000));
  mkdirSync(scratch.path('tree', 'deep'), { recursive: true });
  writeFileSync(scratch.path('tree', 'one'), 'x'.repeat(10));
  writeFileSync(scratch.path('tree', 'deep', 'two'), 'x'.repeat(5));
  linkSync(scratch.path('tree', 'one'), scratch.path('tree', 'deep', 'one again'));
  symlinkSync('/x', scratch.path('tree', 'link'));
  symlinkSync(scratch.path('outside'), scratch.path('tree', 'to-folder'));
  const links = 2 + scratch.path('outside').length;
  expect(await folderSize(scratch.path('tree'))).toEqual({ files: 5, bytes: 15 + links });
  expect(await folderSize(scratch.path('tree', 'one'))).toEqual({ files: 1, bytes: 10 });
});

test('what is not there holds nothing', async () => {
  expect(await folderSize(scratch.path('nowhere'))).toEqual({ files: 0, bytes: 0 });
});
