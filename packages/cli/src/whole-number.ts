import type { Invocation } from './command.ts';
import { usageError } from './usage-error.ts';

/** What an option says; undefined without it. Throws `INVALID_OPTION` for what is no whole number within the bounds. */
export function wholeNumberOf(invocation: Invocation, option: string, { least, most }: { readonly least: number; readonly most: number }): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw usageError(`Expected \`--${option}\` to be a whole number from ${least} to ${most}, got ${JSON.stringify(text)}.`);
}
