import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { probeArguments } from './arguments.ts';
import { runGuarded } from './guarded-program.ts';
import type { MediaContext } from './media-context.ts';
import type { FfmpegLimits } from './options.ts';
import { parseProbeAnswer, type ProbeAnswer } from './probe-answer.ts';
import { corrupt } from './corrupt.ts';

/** What ffprobe said of a file. */
export interface ProbeOutput {
  /** Undefined when it was no JSON. */
  readonly answer: ProbeAnswer | undefined;
  readonly stderr: string;
}

/** Six hundred streams make less than one MiB; more than this is an attack. */
const mostAnswerBytes = 4_194_304;

/** Asks ffprobe about the file at `path`, which is absolute. Throws `PROBE_TIMEOUT`, `CORRUPT`, `PROGRAM_*`, `ABORTED`. */
export async function askProbe(path: string, context: MediaContext, controls: ProcessControls): Promise<ProbeOutput> {
  const { limits } = context.options;
  const { path: command } = await context.programs.find('ffprobe', controls);
  const chunks: Uint8Array[] = [];
  let received = 0;
  const collect = (chunk: Uint8Array): void => {
    received += chunk.length;
    if (received > mostAnswerBytes) throw corrupt(path, `ffprobe describes it with more than ${mostAnswerBytes} bytes`);
    chunks.push(chunk);
  };
  const args = probeArguments({ file: path, maxAllocBytes: limits.maxAllocBytes });
  try {
    // Exit code 1 comes with an answer that says why.
    const { stderrTail } = await runGuarded({ command, args, timeoutMs: limits.probeTimeoutMs, cpuSeconds: cpuSecondsOf(limits), acceptExitCodes: [0, 1], onStdout: collect }, context, controls);
    return { answer: parseProbeAnswer(Buffer.concat(chunks).toString('utf8')), stderr: stderrTail };
  } catch (error) {
    throw MediaJobError.isInstance(error) && (error.code === 'TIMEOUT' || error.facts['signal'] === 'SIGXCPU') ? probeTimeout(path, limits.probeTimeoutMs, error) : error;
  }
}

/** ffprobe may decode on two threads, so it never comes to this while somebody watches it. */
function cpuSecondsOf({ probeTimeoutMs }: FfmpegLimits): number {
  return Math.ceil(probeTimeoutMs / 1000) * 2 + 1;
}

function probeTimeout(path: string, timeoutMs: number, cause: MediaJobError): MediaJobError {
  return new MediaJobError('PROBE_TIMEOUT', {
    message: `Expected ffprobe to describe ${JSON.stringify(path)} within ${timeoutMs} ms, but it was still reading: the file may be corrupt.`,
    advice: 'Fetch the file again; on a very slow disk, raise `limits.probeTimeoutMs`.',
    facts: { ...cause.facts, path },
    cause,
  });
}
