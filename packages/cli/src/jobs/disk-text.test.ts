import { expect, test } from 'vitest';
import { diskText, type DiskSheet } from './disk-text.ts';

const sheet: DiskSheet = {
  workFolder: '/var/jobs', modelsFolder: '/var/models', level: 'warn',
  holds: { jobs: { files: 3, bytes: 1_200_000 }, temp: { files: 1, bytes: 10 }, ledger: { files: 0, bytes: 0 }, store: { files: 2, bytes: 40_000 }, models: { files: 1, bytes: 148_000_000 } },
  disks: ['/var/jobs', '/var/models'].map((folder) => ({ folder, freeBytes: 10_000_000_000, totalBytes: 100_000_000_000, usedRatio: 0.9, level: 'warn' as const })),
  memory: { freeBytes: 2_000_000_000, totalBytes: 4_000_000_000, limitedBy: 'control group', level: 'ok' },
  gpu: { cards: [], reason: 'There is no nvidia-smi.' },
};

test('a line for each kind of thing, then what is free and what that means', () => {
  expect(diskText(sheet).split('\n')).toEqual([
    'work folder    /var/jobs',
    'jobs           1.2 MB in 3 files',
    'temp files     10 B in 1 file',
    'ledger, locks  0 B in 0 files',
    'store          40.0 kB in 2 files',
    'models         148.0 MB in 1 file, in /var/models',
    'disk           10.0 GB free of 100.0 GB, 90.0 % used; running short',
    'memory         2.0 GB free of 4.0 GB (control group); enough',
    'graphics       none (There is no nvidia-smi.)',
    '',
  ]);
});

test('a disk of its own under the models is told as well', () => {
  const disks = sheet.disks.map((disk, index) => ({ ...disk, freeBytes: (index + 1) * 1_000_000_000 }));
  expect(diskText({ ...sheet, disks })).toContain('disk           1.0 GB free of 100.0 GB, 90.0 % used; running short\n               2.0 GB free of');
});

test('each graphics card has a line of its own', () => {
  const gpu = { cards: [{ name: 'one', freeMiB: 100, totalMiB: 8_000 }, { name: 'two', freeMiB: null, totalMiB: null }], reason: null };
  expect(diskText({ ...sheet, gpu })).toContain('graphics       one: 100 MiB free of 8000 MiB\n               two: memory not told\n');
});
