import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { decodeFailure, type DecodeContext } from '../decode-failure.ts';

/** Texts of ffmpeg that are about its arguments, first match first. */
const texts: readonly (readonly [RegExp, MediaJobErrorCode, string])[] = Object.freeze([
  [/No space left on device/, 'DISK_FULL', 'Free some space on that disk, or choose a folder on another one.'],
  [/Unknown encoder|Encoder not found|No such filter|Unknown decoder|Unknown bitstream filter/, 'PROGRAM_UNFIT', 'Use a full build of ffmpeg; `doctor()` names what is missing.'],
  [/Unrecognized option|Option .* not found|Error splitting the argument list|Error parsing|Undefined constant|Unable to parse|Missing argument|cannot be applied to|Error initializing complex filters|Error initializing output stream|Could not write header|incorrect codec parameters|matches no streams|Output file .* does not contain any stream|Unable to choose an output format|Cannot find a matching stream/, 'INVALID_OPTION', 'Look at the arguments; ffmpeg says what it does not take.'],
] as const);

/** The error of a failed `run` by its meaning: about the arguments, else about the input. */
export function runFailure(thrown: unknown, context: DecodeContext): unknown {
  if (!MediaJobError.isInstance(thrown) || thrown.code !== 'PROGRAM_FAILED') return decodeFailure(thrown, context);
  const { stderrTail } = thrown.facts;
  const said = typeof stderrTail === 'string' ? stderrTail : '';
  const unopened = refusedDecoder.exec(said)?.[1];
  if (unopened !== undefined) return decoderRefused(unopened, thrown);
  const found = texts.find(([text]) => text.test(said));
  if (found === undefined) return decodeFailure(thrown, context);
  const [text, code, advice] = found;
  const line = said.split('\n').find((candidate) => text.test(candidate)) ?? '';
  return new MediaJobError(code, { message: `Expected ffmpeg to do as it was told, got: ${line.trim().slice(0, 300)}.`, advice, facts: thrown.facts, cause: thrown });
}

/** ffmpeg needed a decoder, and the list did not allow it. */
const refusedDecoder = /Codec \((\w+)\) not on whitelist[^]*Error while opening decoder/;

function decoderRefused(decoder: string, cause: MediaJobError): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected arguments that need no other decoders than those of audio, got a need for ${decoder}.`,
    advice: `Leave its stream out (\`-vn\`), copy it (\`-c:v copy\`), or allow it for this input: \`decoders: ['${decoder}']\`.`,
    facts: { ...cause.facts, decoder },
    cause,
  });
}
