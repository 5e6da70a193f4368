import { cpuSecondsFor, measureArguments } from '../arguments.ts';
import { decodeFailure } from '../decode-failure.ts';
import { runGuarded } from '../guarded-program.ts';
import { createRunProgress } from '../run/run-progress.ts';
import { keepTimeLine, type Conversion } from './convert.ts';

/** Kept of what ffmpeg says: the summary stands at its end. */
const maxTailBytes = 16_384;

/** Sends the stream through `filters` and gives what they said of it. Writes nothing. */
export async function measurePass(conversion: Conversion, filters: readonly string[]): Promise<string> {
  const { media, context, options, progress } = conversion;
  const { path, stream, timeoutMs, ffmpeg, maxAllocBytes } = media;
  const { limits, threads } = context.options;
  const said = createRunProgress();
  const onStdoutLine = (line: string, sign: () => void): void => {
    if (!said.take(line)) return;
    sign();
    progress.report('probe', said.seconds, stream.durationSeconds);
  };
  const cpuSeconds = cpuSecondsFor(timeoutMs, threads);
  const args = measureArguments({ file: path, stream: stream.index, filters: [keepTimeLine, ...filters].join(','), maxAllocBytes, maxSeconds: limits.maxDurationSeconds, cpuSeconds, threads });
  try {
    const stall = { timeoutMs: limits.stallMs, firstTimeoutMs: Math.max(limits.stallMs, limits.openTimeoutMs) };
    return (await runGuarded({ command: ffmpeg.path, args, timeoutMs, stall, onStdoutLine, maxTailBytes }, context, options)).stderrTail;
  } catch (error) {
    throw decodeFailure(error, { path, codec: stream.codec, seconds: said.seconds });
  }
}
