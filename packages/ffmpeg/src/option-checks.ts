import { inspect } from 'node:util';
import { MediaJobError } from '@media-jobs/foundation';

/** An `INVALID_OPTION` that says what was expected of `name` and what came. */
export function invalidOption(name: string, expected: string, value: unknown): MediaJobError {
  const got = inspect(value, { depth: 0, breakLength: Infinity });
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${name}\` to be ${expected}, got \`${got}\`.`,
    advice: 'The README of @media-jobs/ffmpeg lists the options, their units and their bounds.',
    facts: { option: name, value: got },
  });
}

/** Throws unless `value` is a number from `least` to `most`. `Infinity` is none. */
export function requireNumber(name: string, value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw invalidOption(name, `a number ${bounds}`, value);
}

/** Throws unless `value` is a whole number from `least` to `most`. */
export function requireWhole(name: string, value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw invalidOption(name, `a whole number ${bounds}`, value);
}

/** Throws unless `value` is a text that can be a path: not empty, no zero byte. */
export function requirePath(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) throw invalidOption(name, 'a path', value);
}

/** Throws unless `value` is one of `choices`. */
export function requireChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string)) throw invalidOption(name, choices.map((choice) => `'${choice}'`).join(' or '), value);
}
