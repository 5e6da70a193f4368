import { inspect } from 'node:util';
import { MediaJobError } from '@media-jobs/foundation';
import { exitCodes, type ExitCode } from './command.ts';
import { printable } from './printable.ts';

/** Errors of whoever typed the command; all others are failures of the job. */
const usageCodes: ReadonlySet<string> = new Set(['INVALID_OPTION', 'INVALID_ENVIRONMENT', 'INVALID_INPUT', 'UNSUPPORTED_LANGUAGE']);

/** The exit code that an error asks for. */
export function exitCodeOf(thrown: unknown): ExitCode {
  return usageCodes.has(MediaJobError.from(thrown).code) ? exitCodes.usage : exitCodes.failure;
}

/** An error as two lines: what, and what to do. With `verbose`, its code, facts, causes and stack as well. */
export function errorLines(thrown: unknown, { verbose }: { readonly verbose: boolean }): string {
  const error = MediaJobError.from(thrown);
  const advice = error.advice ?? (verbose ? 'The lines below say more.' : 'Run it again with --verbose to see the cause.');
  const lines = [`media-jobs: ${printable(error.message)}`, `  ${printable(advice)}`];
  return `${[...lines, ...(verbose ? details(error) : [])].join('\n')}\n`;
}

function details(error: MediaJobError): string[] {
  const facts = Object.entries(error.facts).map(([name, value]) => `  ${printable(name)}: ${printable(inspect(value, { breakLength: Infinity }))}`);
  const stack = inspect(error, { depth: 4 }).split('\n').map((line) => `  ${printable(line)}`);
  return [`  code: ${error.code} (${error.class})`, ...facts, ...stack];
}
