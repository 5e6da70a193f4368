import { expect, test } from 'vitest';
import { MediaJobError } from '@media-jobs/foundation';
import { errorLines, exitCodeOf } from './error-lines.ts';

const failure = new MediaJobError('CORRUPT', { message: 'Expected media, got noise.', advice: 'Make the file anew.', cause: new Error('moov atom not found'), facts: { path: 'a.mp4' } });

test('an error is two lines: what, and what to do', () => {
  expect(errorLines(failure, { verbose: false })).toBe('media-jobs: Expected media, got noise.\n  Make the file anew.\n');
});

test('with verbose the code, the facts and the causes follow', () => {
  const text = errorLines(failure, { verbose: true });
  expect(text.split('\n').slice(0, 2)).toEqual(['media-jobs: Expected media, got noise.', '  Make the file anew.']);
  expect(text).toContain('CORRUPT (permanent)');
  expect(text).toContain("path: 'a.mp4'");
  expect(text).toContain('moov atom not found');
});

test('an error that is not ours still has two lines', () => {
  expect(errorLines(new TypeError('boom'), { verbose: false }).split('\n')).toHaveLength(3);
});

test('a name with line breaks and terminal codes stays one line that the terminal shows and does not obey', () => {
  const text = errorLines(new MediaJobError('INPUT_MISSING', { message: 'no "a\nb\u001b[2J\u202e"', advice: 'x\u0007' }), { verbose: false });
  expect(text).toBe('media-jobs: no "a\\u000ab\\u001b[2J\\u202e"\n  x\\u0007\n');
});

test.each([['INVALID_OPTION', 2], ['INVALID_ENVIRONMENT', 2], ['INVALID_INPUT', 2], ['CORRUPT', 1], ['DISK_FULL', 1]] as const)('%s ends with %i', (code, exitCode) => {
  expect(exitCodeOf(new MediaJobError(code, { message: 'm' }))).toBe(exitCode);
});
