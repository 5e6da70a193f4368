import { chmodSync, mkdirSync, realpathSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { checkInputFile } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { startChild } from './testing/child.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();

test.each(['talk.mp4', '--help', ' $(touch x)', '"quoted\' \n name', '%03d.wav', 'üñí 🎧', '-'])('a file called %j is accepted, with its real path and size', async (name) => {
  writeFileSync(scratch.path(name), 'RIFF');
  await expect(checkInputFile(scratch.path(name))).resolves.toEqual({ path: realpathSync(scratch.path(name)), bytes: 4 });
});

test('a link is followed to the file', async () => {
  writeFileSync(scratch.path('real'), 'RIFF');
  symlinkSync('real', scratch.path('link'));
  await expect(checkInputFile(scratch.path('link'))).resolves.toEqual({ path: realpathSync(scratch.path('real')), bytes: 4 });
});

test('a path without a file is INPUT_MISSING, and the message shows the path in quotes', async () => {
  writeFileSync(scratch.path('file'), 'x');
  symlinkSync('nowhere', scratch.path('dangling'));
  const missing = ['no\nwhere', 'dangling', 'file/below', 'x'.repeat(300), 'zero\0byte'].map((name) => scratch.path(name));
  for (const path of missing) await expect(checkInputFile(path)).rejects.toMatchObject({ code: 'INPUT_MISSING', message: expect.stringContaining(JSON.stringify(path)) as string });
});

test('a folder, a pipe, a socket, a device and a circle of links are INPUT_NOT_FILE, and nobody waits for a writer', async () => {
  mkdirSync(scratch.path('folder'));
  const special = scratch.specialFiles();
  symlinkSync('circle', scratch.path('circle'));
  symlinkSync('pipe', scratch.path('to-pipe'));
  const server = createServer().listen(scratch.path('socket'));
  await once(server, 'listening');
  for (const path of [...special, ...['folder', 'to-pipe', 'socket', 'circle'].map((name) => scratch.path(name))]) {
    await expect(checkInputFile(path)).rejects.toMatchObject({ code: 'INPUT_NOT_FILE' });
  }
  server.close();
});

test('a file that this user may not read is INPUT_UNREADABLE, and so is one in a folder that may not be entered', async () => {
  writeFileSync(scratch.path('closed'), 'x');
  chmodSync(scratch.path('closed'), 0o000);
  mkdirSync(scratch.path('folder'));
  writeFileSync(scratch.path('folder', 'file'), 'x');
  chmodSync(scratch.path('folder'), 0o000);
  scratch.openToOthers();
  for (const path of [scratch.path('closed'), scratch.path('folder', 'file')]) {
    const child = startChild('as-nobody', ['check', path]);
    await expect(child.next()).resolves.toMatchObject({ error: { code: 'INPUT_UNREADABLE', facts: { systemCode: 'EACCES' } } });
    await child.kill();
  }
});

test('no bytes, and nothing but zeros in the first 64 KiB, are two different errors', async () => {
  writeFileSync(scratch.path('empty'), '');
  writeFileSync(scratch.path('sparse'), '');
  truncateSync(scratch.path('sparse'), 1_000_000);
  writeFileSync(scratch.path('short zeros'), Buffer.alloc(10));
  writeFileSync(scratch.path('late'), Buffer.concat([Buffer.alloc(64 * 1024 - 1), Buffer.from('x')]));
  writeFileSync(scratch.path('too late'), Buffer.concat([Buffer.alloc(64 * 1024), Buffer.from('x')]));
  await expect(checkInputFile(scratch.path('empty'))).rejects.toMatchObject({ code: 'INPUT_EMPTY' });
  for (const name of ['sparse', 'short zeros', 'too late']) await expect(checkInputFile(scratch.path(name))).rejects.toMatchObject({ code: 'INPUT_ALL_ZERO' });
  await expect(checkInputFile(scratch.path('late'))).resolves.toMatchObject({ bytes: 65_536 });
});

test('a file above the limit is INPUT_TOO_LARGE, names both sizes, and one at the limit passes', async () => {
  writeFileSync(scratch.path('file'), 'x'.repeat(11));
  await expect(checkInputFile(scratch.path('file'), { maxBytes: 10 })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE', facts: { bytes: 11, maxBytes: 10 }, message: expect.stringMatching(/10 bytes.*11/) as string });
  await expect(checkInputFile(scratch.path('file'), { maxBytes: Number.NaN })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(checkInputFile(scratch.path('file'), { maxBytes: 11 })).resolves.toMatchObject({ bytes: 11 });
});
