import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { unsupported } from './describe-media.ts';
import { corrupt } from './corrupt.ts';

/** What was being decoded when it failed. */
export interface DecodeContext {
  /** Absolute. */
  readonly path: string;
  /** The codec that ffprobe named. */
  readonly codec: string;
  /** Seconds of audio that came before. */
  readonly seconds: number;
}

/** Decoders that are not on the allow-list are named although nobody asked for them, such as those of the video. */
const whitelistLine = /^.*Codec \((\w+)\) not on whitelist.*$/;
const repeatLine = /^\s*Last message repeated \d+ times$/;

/** What ffmpeg said, without the lines about decoders that were not to be opened. */
export function withoutWhitelistLines(said: string): string {
  let dropped = false;
  const kept = said.split('\n').filter((line) => {
    dropped = whitelistLine.test(line) || (dropped && repeatLine.test(line));
    return !dropped;
  });
  return kept.join('\n').trim();
}

/** Exit codes of shells and of ffmpeg that stand for something else. 69: too many errors while decoding. */
const exitCodes: Readonly<Record<number, MediaJobErrorCode>> = Object.freeze({ 69: 'CORRUPT', 137: 'PROGRAM_KILLED', 139: 'PROGRAM_CRASHED', 153: 'OUTPUT_LIMIT', 255: 'PROGRAM_KILLED' });
/** Signals by which the kernel enforces a limit. */
const limitSignals: Readonly<Record<string, MediaJobErrorCode>> = Object.freeze({ SIGXCPU: 'TIMEOUT', SIGXFSZ: 'OUTPUT_LIMIT' });

/** Texts of ffmpeg, first match first. */
const texts: readonly (readonly [RegExp, MediaJobErrorCode])[] = Object.freeze([
  [/No space left on device/, 'DISK_FULL'],
  [/No such filter|Unknown encoder|Unrecognized option|Unknown decoder/, 'PROGRAM_UNFIT'],
  [/^file:.*: Permission denied/m, 'INPUT_UNREADABLE'],
  [/^file:.*: No such file or directory/m, 'INPUT_MISSING'],
  [/Invalid data found|Error while decoding|moov atom not found|Cannot allocate memory|does not contain any stream|matches no streams|Header missing|Invalid argument/, 'CORRUPT'],
] as const);

const advices: Partial<Record<MediaJobErrorCode, string>> = Object.freeze({
  PROGRAM_UNFIT: 'Use a full build of ffmpeg; `doctor()` names what is missing.',
  DISK_FULL: 'Free some space on that disk, or choose a folder on another one.',
  OUTPUT_LIMIT: 'The file gives far more audio than it declares; look at it before you raise the limits.',
  PROGRAM_KILLED: 'Memory may have run out: look into the log of the system, and allow less work at a time.',
  STALLED: 'The file may be damaged where decoding stopped, or the disk is very slow; then raise `limits.stallMs`.',
  TIMEOUT: 'Allow more time with `timeoutMs`, or look at what else the machine is doing.',
});

/** The error of a failed decoding by its meaning; errors that are not about ffmpeg's run pass as they are. */
export function decodeFailure(thrown: unknown, context: DecodeContext): unknown {
  if (!MediaJobError.isInstance(thrown)) return thrown;
  const { stderrTail } = thrown.facts;
  const all = typeof stderrTail === 'string' ? stderrTail : '';
  const said = withoutWhitelistLines(all);
  if (thrown.code === 'STALLED' || thrown.code === 'TIMEOUT') return renamed(thrown.code, thrown, context, said);
  if (thrown.code === 'PROGRAM_KILLED') return renamed(limitSignals[String(thrown.facts['signal'])] ?? thrown.code, thrown, context, said);
  if (thrown.code !== 'PROGRAM_FAILED') return thrown;
  if (lacksDecoder(all, context.codec)) return unsupported(context.path, `audio of the codec ${context.codec}, which is not opened`);
  if (/Decoder \(codec \w+\) not found/.test(said)) return unsupported(context.path, `audio of the codec ${context.codec}, which this ffmpeg cannot decode`);
  const code = texts.find(([text]) => text.test(said))?.[1] ?? exitCodes[Number(thrown.facts['exitCode'])] ?? thrown.code;
  return code === 'CORRUPT' ? corrupt(context.path, said, thrown) : renamed(code, thrown, context, said);
}

/** The codec's own decoder was refused; decoders bear the codec's name, sometimes with more behind it. */
function lacksDecoder(said: string, codec: string): boolean {
  return said.split('\n').some((line) => whitelistLine.exec(line)?.[1]?.startsWith(codec) === true);
}

function renamed(code: MediaJobErrorCode, thrown: MediaJobError, { path, seconds }: DecodeContext, said: string): MediaJobError {
  const advice = advices[code] ?? thrown.advice;
  return new MediaJobError(code, {
    message: `Decoding ${JSON.stringify(path)} ended after ${seconds.toFixed(1)} s of audio: ${thrown.message}`,
    ...(advice === undefined ? {} : { advice }),
    facts: { ...thrown.facts, stderrTail: said, path, seconds },
    cause: thrown,
  });
}
