import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { textOutput } from './text-output.ts';

const failingWith = (code: string): Writable =>
  new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });

test('a reader that has gone away is no error', async () => {
  const output = textOutput(failingWith('EPIPE'));
  await expect(output.write('first')).resolves.toBeUndefined();
  await expect(output.write('second')).resolves.toBeUndefined();
});

test('any other fault of the stream is an error', async () => {
  await expect(textOutput(failingWith('ENOSPC')).write('text')).rejects.toMatchObject({ code: 'ENOSPC' });
});

test('a write resolves when the stream has taken it', async () => {
  const stream = new PassThrough();
  await textOutput(stream).write('text');
  expect(String(stream.read())).toBe('text');
});
