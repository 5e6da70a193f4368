import type { ProcessUsage } from './controls.ts';
import { readChunks, readLines } from './output.ts';
import { createJudge, type Judge } from './judge.ts';
import { endError, verdictError, wrapperError } from './program-errors.ts';
import { resolveOptions, type LineListener, type ResolvedRunOptions, type RunProgramOptions } from './run-program-options.ts';
import { startProgram } from './start-program.ts';
import type { SupervisedChild } from './supervised-child.ts';
import { createTail, type Tail } from './tail.ts';

/** What a program that succeeded has left. */
export interface ProgramResult {
  readonly pid: number;
  readonly exitCode: number;
  /** The last lines of each stream. */
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly usage: ProcessUsage;
  readonly durationMs: number;
}

/**
 * Runs one external program to its end. Settles only after the process, everything that it started, and its pipes are gone.
 *
 * Rejects with a `MediaJobError`: `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`, `PROGRAM_FAILED` (exit code), `PROGRAM_CRASHED`,
 * `PROGRAM_KILLED` (by a signal that was not ours), `STALLED`, `TIMEOUT`, `ABORTED`, `INVALID_OPTION`. An abort whose reason is a
 * `MediaJobError` rejects with that reason. When a listener throws, the tree is killed and the call rejects with what was thrown.
 * The facts hold `command`, `args`, `pid`, `exitCode`, `signal`, `stderrTail` (its last 40 lines), `durationMs`, `lastSignMsAgo`.
 */
export async function runProgram(options: RunProgramOptions): Promise<ProgramResult> {
  const resolved = resolveOptions(options);
  const { child, file } = await startProgram({ ...resolved, label: resolved.command, ipc: false });
  return follow(child, file, resolved);
}

async function follow(child: SupervisedChild, file: string, options: ResolvedRunOptions): Promise<ProgramResult> {
  const { command, args, acceptExitCodes } = options;
  using judge = createJudge(child, options);
  const output = readOutput(child, judge, options);
  options.onStart?.(child.pid);
  const end = await child.gone;
  await output.read;
  options.onUsage?.(end.usage);
  const { pid } = child;
  const { exitCode, usage, durationMs } = end;
  const stderrTail = output.stderr.text();
  const facts = { command, args, pid, end, stderrTail, lastSignMsAgo: judge.quietMs() };
  const verdict = judge.verdict();
  if (verdict !== undefined) throw verdictError(verdict, facts);
  if (exitCode === null || !acceptExitCodes.includes(exitCode)) throw wrapperError(facts, file) ?? endError(facts);
  return { pid, exitCode, stdoutTail: output.stdout.text(), stderrTail, usage, durationMs };
}

interface Output {
  readonly stdout: Tail;
  readonly stderr: Tail;
  /** Resolves when the reader of raw bytes has done with the last of them. */
  readonly read: Promise<void>;
}

function readOutput(child: SupervisedChild, judge: Judge, options: ResolvedRunOptions): Output {
  const { stdout, stderr } = child.process;
  const { onStdout, onStdoutLine, onStderrLine, sample } = options;
  const tails = { stdout: createTail(options.maxTailBytes), stderr: createTail(options.maxTailBytes) };
  const silent = [onStdout, onStdoutLine, onStderrLine, sample].every((given) => given === undefined);
  const listen = (given: LineListener | undefined) => (line: string) => {
    if (silent) judge.sign();
    else given?.(line, judge.sign);
  };
  if (onStdout === undefined) readLines(stdout, tails.stdout.push, listen(onStdoutLine), judge);
  readLines(stderr, tails.stderr.push, listen(onStderrLine), judge);
  for (const stream of [stdout, stderr]) stream.once('end', child.glance);
  const read = onStdout === undefined ? Promise.resolve() : readChunks(stdout, (chunk) => onStdout(chunk, judge.sign), judge);
  return { ...tails, read };
}
