import { existsSync } from 'node:fs';
import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { notExecutable, notFound } from './find-program.ts';
import type { ChildEnd } from './supervised-child.ts';

/** What is known about a run when it fails; it becomes the facts of the error. */
export interface RunFacts {
  readonly command: string;
  readonly args: readonly string[];
  readonly pid: number;
  readonly end: ChildEnd;
  readonly stderrTail: string;
  /** Milliseconds between the last sign of progress, or the start, and the verdict. */
  readonly lastSignMsAgo: number;
}

/** Why we ended a program ourselves. */
export type Verdict =
  | { readonly kind: 'aborted'; readonly reason: unknown }
  | { readonly kind: 'timeout'; readonly limitMs: number }
  | { readonly kind: 'stalled'; readonly quietMs: number }
  | { readonly kind: 'listener'; readonly error: unknown };

/** An error travels in records and logs: it takes the end of the tail only. */
const maxFactLines = 40;
const maxFactCharacters = 8192;

const crashSignals = new Set<NodeJS.Signals>(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGSYS', 'SIGTRAP']);

const limitSignals = new Set<NodeJS.Signals>(['SIGXCPU', 'SIGXFSZ']);

function factsOf({ command, args, pid, end, stderrTail, lastSignMsAgo }: RunFacts): Readonly<Record<string, unknown>> {
  const { exitCode, signal, durationMs } = end;
  const lastLines = stderrTail.trimEnd().split('\n').slice(-maxFactLines).join('\n').slice(-maxFactCharacters);
  return { command, args, pid, exitCode, signal, stderrTail: lastLines, durationMs: Math.round(durationMs), lastSignMsAgo: Math.round(lastSignMsAgo) };
}

/** The error of an abort: the reason itself when it is one of ours, so that a cancel stays a cancel. */
export function abortError(command: string, reason: unknown, facts: Readonly<Record<string, unknown>> = { command }): MediaJobError {
  if (MediaJobError.isInstance(reason)) return reason;
  return new MediaJobError('ABORTED', { message: `\`${command}\` was ended because the caller aborted.`, cause: reason, facts });
}

/** The error of a run that we ended. A listener's own error comes back as it is. */
export function verdictError(verdict: Verdict, run: RunFacts): unknown {
  const facts = factsOf(run);
  if (verdict.kind === 'listener') return verdict.error;
  if (verdict.kind === 'aborted') return abortError(run.command, verdict.reason, facts);
  if (verdict.kind === 'timeout') {
    return new MediaJobError('TIMEOUT', {
      message: `Expected \`${run.command}\` to end within ${verdict.limitMs} ms, but it was still running.`,
      advice: 'Allow more time, or look into the end of its error output.',
      facts: { ...facts, timeoutMs: verdict.limitMs },
    });
  }
  return new MediaJobError('STALLED', {
    message: `Expected \`${run.command}\` to show progress, but there was none for ${Math.round(verdict.quietMs)} ms.`,
    advice: 'Look into the end of its error output; the input may be damaged.',
    facts,
  });
}

/** The error of a run that ended by itself, but not well. */
export function endError(run: RunFacts): MediaJobError {
  const { exitCode, signal } = run.end;
  const make = (code: MediaJobErrorCode, message: string, advice: string): MediaJobError => new MediaJobError(code, { message: `\`${run.command}\` ${message}`, advice, facts: factsOf(run) });
  if (signal === null) {
    const said = run.stderrTail.trimEnd().split('\n').at(-1) ?? '';
    return make('PROGRAM_FAILED', `ended with exit code ${exitCode}${said === '' ? '' : `: ${said.slice(0, 300)}`}`, 'Look into the end of its error output, in the facts of this error.');
  }
  if (limitSignals.has(signal)) return make('PROGRAM_KILLED', `reached a limit of the system (${signal}).`, 'Raise the limit on CPU time or file size that it was started with.');
  if (crashSignals.has(signal)) return make('PROGRAM_CRASHED', `crashed (${signal}).`, 'Try another build of the program, or one made for this processor.');
  return make('PROGRAM_KILLED', `was killed from outside (${signal}).`, 'Memory may have run out: look into the log of the system, and allow less work at a time.');
}

const missingLoader = 'the interpreter or loader that it names is missing';

/** The error of a program that could not be started at all. */
export function startError(command: string, file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && existsSync(file)) return notExecutable(command, file, missingLoader, error);
  if (code === 'ENOENT') return notFound(command, 'it was gone when it was to be started', error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOEXEC' || code === 'EISDIR') return notExecutable(command, file, `starting it failed with ${code}`, error);
  return error instanceof Error && MediaJobError.isInstance(error) ? error : cannotStart(command, error);
}

function cannotStart(command: string, cause: unknown): MediaJobError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new MediaJobError(code === 'E2BIG' ? 'INVALID_OPTION' : 'MEMORY_SHORT', {
    message: `Starting \`${command}\` failed: ${message}`,
    advice: code === 'E2BIG' ? 'Give shorter arguments.' : 'The machine has no process, file or memory left to give; run less at a time.',
    facts: { command, errno: code },
    cause,
  });
}

/** setpriv and prlimit stand before the program; when one cannot become the program, it says so in the user's language. */
export function wrapperError(run: RunFacts, file: string): MediaJobError | undefined {
  const { exitCode } = run.end;
  if ((exitCode !== 127 && exitCode !== 126) || !/^(?:setpriv|prlimit): /.test(run.stderrTail)) return undefined;
  return exitCode === 127 ? notExecutable(run.command, file, missingLoader) : notExecutable(run.command, file, run.stderrTail.trim());
}
