import { MediaJobError } from '@media-jobs/foundation';

/** Throws `INVALID_OPTION` unless `value` is a path: an empty one would mean the current folder. */
export function checkPath(option: string, value: string): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) throw invalidOption(option, 'a path', value);
}

/** Throws `INVALID_OPTION` unless `value` is a number from 0 up; infinity is one. */
export function checkAmount(option: string, value: number): void {
  if (typeof value !== 'number' || !(value >= 0)) throw invalidOption(option, 'a number from 0 up', value);
}

/** An `INVALID_OPTION` for `option`. */
export function invalidOption(option: string, expected: string, value: unknown, advice = 'See the options of the call in its documentation.'): MediaJobError {
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` to be ${expected}, got ${got}.`, advice, facts: { option } });
}
