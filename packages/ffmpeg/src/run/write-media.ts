import { DisposalStack, MediaJobError } from '@media-jobs/foundation';
import type { TempFile } from '@media-jobs/cleanup';
import type { ProcessControls, ProgramResult } from '@media-jobs/process';
import { cpuSecondsFor } from '../arguments.ts';
import { throwIfAborted } from '../call-controls.ts';
import { withoutWhitelistLines } from '../decode-failure.ts';
import { runGuarded } from '../guarded-program.ts';
import type { MediaContext } from '../media-context.ts';
import { checkTargets, publishAll, tempFilesFor } from '../output-files.ts';
import { requireRoom, reserveWhileWriting } from '../speech/plan-speech.ts';
import type { OutputFormat } from './output-formats.ts';
import { watchOutputs } from './output-watch.ts';
import { runFailure } from './run-failure.ts';
import { createRunProgress, type RunProgress } from './run-progress.ts';
import { verifyOutput, type VerifiedOutput } from './verify-output.ts';
import { writeArguments, type WriteInput } from './write-arguments.ts';

/** A file that ffmpeg shall write. */
export interface WriteOutput {
  /** Absolute. */
  readonly target: string;
  /** Options that stand before it. */
  readonly args: readonly string[];
  readonly format: OutputFormat;
  /** More is not written. */
  readonly maxBytes: number;
  /** What the disk must have room for. */
  readonly predictedBytes: number;
  /** Less than this is a cut; undefined where it is not known. */
  readonly expectedSeconds?: number | undefined;
}

/** One run of ffmpeg from files to files. */
export interface WriteRequest {
  readonly inputs: readonly WriteInput[];
  readonly outputs: readonly WriteOutput[];
  /** Options for the whole. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly overwrite: boolean;
  /** Told of the seconds of output so far. */
  readonly onSeconds?: ((seconds: number) => void) | undefined;
}

/** What was written. */
export interface Written {
  /** In the order of the request. */
  readonly outputs: readonly (VerifiedOutput & { readonly path: string })[];
  /** Seconds that ffmpeg said it wrote. */
  readonly seconds: number;
  /** What ffmpeg complained about although it went on. */
  readonly warnings: readonly string[];
}

/**
 * Runs ffmpeg with guards around the arguments: it reads the inputs and nothing else, and writes part files that are
 * verified and then moved to their places, all or none. Throws `DISK_FULL`, `OUTPUT_LIMIT`, `EMPTY_OUTPUT`, `TRUNCATED`,
 * `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`, `INPUT_IS_OUTPUT`, `INVALID_OPTION`, `CORRUPT`, `STALLED`, `TIMEOUT`, `PROGRAM_*`, `ABORTED`.
 */
export async function writeMedia(request: WriteRequest, context: MediaContext, controls: ProcessControls): Promise<Written> {
  const { outputs, overwrite } = request;
  const { disk, temp } = context.options;
  const targets = outputs.map(({ target }) => target);
  for (const { path } of request.inputs) await checkTargets(path, targets, overwrite);
  await requireRoom(targets, outputs.reduce((sum, { predictedBytes }) => sum + predictedBytes, 0), disk);
  await using made = new DisposalStack();
  const files: { readonly part: TempFile; readonly output: WriteOutput }[] = [];
  for (const output of outputs) files.push({ output, part: made.use(await tempFilesFor(output.target, temp).file({ near: output.target })) });
  const { seconds, stderrTail } = await write(request, files.map(({ part }) => part.path), context, controls);
  const verified = [];
  for (const { part, output } of files) {
    const { target, format, expectedSeconds } = output;
    verified.push({ path: target, ...(await verifyOutput({ part: part.path, target, format, expectedSeconds, writtenSeconds: seconds }, context, controls)) });
  }
  throwIfAborted(controls);
  const [first] = targets;
  if (first !== undefined) await publishAll(files.map(({ part, output }) => ({ part, target: output.target })), overwrite, tempFilesFor(first, temp));
  return { outputs: verified, seconds, warnings: complaints(stderrTail) };
}

interface RanWell extends Pick<ProgramResult, 'stderrTail'> {
  readonly seconds: number;
}

async function write(request: WriteRequest, parts: readonly string[], context: MediaContext, controls: ProcessControls): Promise<RanWell> {
  const { options, programs } = context;
  const { path: command } = await programs.find('ffmpeg', controls);
  const progress = createRunProgress();
  const watched = request.outputs.map(({ target, maxBytes }, index) => ({ target, maxBytes, part: parts[index] as string }));
  using watch = watchOutputs(watched, reserveWhileWriting(options.disk), options.clock);
  const args = argumentsFor(request, parts, context);
  const { stallMs, openTimeoutMs } = options.limits;
  const onStdoutLine = (line: string, sign: () => void): void => {
    if (!progress.take(line)) return;
    sign();
    requireShort(request, progress, options.limits.maxDurationSeconds);
    request.onSeconds?.(progress.seconds);
  };
  const kill = controls.kill === undefined ? watch.signal : AbortSignal.any([controls.kill, watch.signal]);
  try {
    const stall = { timeoutMs: stallMs, firstTimeoutMs: Math.max(stallMs, openTimeoutMs) };
    const { stderrTail } = await runGuarded({ command, args, timeoutMs: request.timeoutMs, stall, onStdoutLine, sample: () => watch.bytes() }, context, { ...controls, kill });
    await watch.check();
    return { seconds: progress.seconds, stderrTail };
  } catch (error) {
    throw runFailure(error, { path: request.inputs[0]?.path ?? '', codec: 'none', seconds: progress.seconds });
  }
}

function argumentsFor({ inputs, outputs, args, timeoutMs }: WriteRequest, parts: readonly string[], { options }: MediaContext): readonly string[] {
  const { limits, threads } = options;
  return writeArguments({
    inputs,
    args,
    outputs: outputs.map((output, index) => ({ part: parts[index] as string, args: output.args, muxer: output.format.muxer, maxBytes: output.maxBytes, maxSeconds: limits.maxDurationSeconds })),
    threads,
    cpuSeconds: cpuSecondsFor(timeoutMs, threads),
  });
}

function requireShort({ outputs }: WriteRequest, { seconds }: RunProgress, maxSeconds: number): void {
  if (seconds <= maxSeconds) return;
  const path = outputs[0]?.target ?? '';
  throw new MediaJobError('TOO_LONG', { message: `Expected ${JSON.stringify(path)} to last at most ${maxSeconds} s, got more.`, advice: 'Cut the input into parts, or raise `limits.maxDurationSeconds`.', facts: { path, maxDurationSeconds: maxSeconds } });
}

/** ffmpeg's error output of a run that succeeded, as one warning. */
function complaints(said: string): readonly string[] {
  const lines = withoutWhitelistLines(said).split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? [] : [`ffmpeg reports errors (${lines.length}); the last: ${(lines.at(-1) ?? '').slice(0, 200)}`];
}
