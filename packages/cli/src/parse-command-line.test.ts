import { expect, test } from 'vitest';
import { exitCodes, type Command } from './command.ts';
import { parseCommandLine } from './parse-command-line.ts';

const command: Command = {
  name: 'weigh',
  about: 'weigh a file',
  operands: ['FILE'],
  options: [{ name: 'unit', value: 'UNIT', about: 'unit of the answer' }, { name: 'quick', about: 'do not wait' }],
  details: [],
  run: () => Promise.resolve(exitCodes.success),
};
const parse = (...words: string[]) => parseCommandLine(command, words);
const problem = (...words: string[]) => {
  try {
    parse(...words);
  } catch (error) {
    return error as Error & { code: string; advice: string };
  }
  throw new Error('Expected a usage error, got none.');
};

test('options may stand before and after the file, with a blank or an equals sign', () => {
  const before = parse('--unit', 'kg', '--quick', 'a.mp4');
  const after = parse('a.mp4', '--unit=kg');
  expect([before.files, before.text('unit'), before.isSet('quick')]).toEqual([['a.mp4'], 'kg', true]);
  expect([after.files, after.text('unit'), after.isSet('quick')]).toEqual([['a.mp4'], 'kg', false]);
});

test('the last of several values wins', () => {
  expect(parse('--unit', 'kg', '--unit', 'g', 'a.mp4').text('unit')).toBe('g');
});

test.each(['--work-folder', '--verbose', '--help'])('%s is an option of every command', (option) => {
  expect(() => parse(option, ...(option === '--work-folder' ? ['there'] : []), 'a.mp4')).not.toThrow();
});

test('a file whose name starts with a dash goes after two dashes', () => {
  expect(parse('--', '-rf').files).toEqual(['-rf']);
  expect(problem('-rf.mp4').message).toContain('goes after `--`');
});

test.each([
  ['an unknown option', ['--nope', 'a.mp4'], '--nope'],
  ['no file', [], 'got none'],
  ['two files', ['a.mp4', 'b.mp4'], '"a.mp4" "b.mp4"'],
  ['an empty file name', [''], '""'],
  ['an option without its value', ['a.mp4', '--unit'], '--unit'],
  ['a value for a switch', ['a.mp4', '--quick=yes'], '--quick'],
])('%s is wrong usage, and the error names it and the way to the help', (_, words, named) => {
  const error = problem(...words);
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain(named);
  expect(error.advice).toContain('media-jobs help weigh');
});

test('asking for help needs no file', () => {
  expect(parse('--help').isSet('help')).toBe(true);
});

test('an argument in brackets may be left out, and stands alone when it is given', () => {
  const loose = (...words: string[]) => parseCommandLine({ ...command, operands: ['[FILE]'] }, words).files;
  expect([loose(), loose('a.mp4')]).toEqual([[], ['a.mp4']]);
  for (const words of [['a.mp4', 'b.mp4'], ['']]) expect(() => loose(...words)).toThrow('Expected [FILE] after');
});
