import { hallucinationModes } from './hallucination/sift-segments.ts';
import { checkWhole, invalidOption, mostBeams } from './options.ts';
import type { TranscribeOptions } from './whisper.ts';

const longestPrompt = 2000;

/** What a run is asked for. Throws `INVALID_OPTION`. */
export function checkRun(wavFile: unknown, { language, prompt, beamSize, timeoutMs, stallTimeoutMs, hallucinations = 'flag' }: TranscribeOptions): void {
  if (!hallucinationModes.includes(hallucinations)) throw invalidOption('hallucinations', "'flag', 'drop' or 'off'", hallucinations, 'Leave it out to have them flagged.');
  if (typeof wavFile !== 'string' || wavFile === '' || wavFile.includes('\0')) throw invalidOption('wavFile', 'the path of a WAV file', wavFile, 'Give the path of a file.');
  if (language !== undefined && typeof language !== 'string') throw invalidOption('language', 'a code or a name', language, "Give a code such as 'en', or 'auto'.");
  if (prompt !== undefined && (prompt.length > longestPrompt || prompt.includes('\0'))) {
    throw invalidOption('prompt', `a text of at most ${longestPrompt} characters`, `${prompt.slice(0, 20)}…`, 'The engine looks at the end of a prompt only; shorten it.');
  }
  if (beamSize !== undefined) checkWhole('beamSize', beamSize, 1, mostBeams);
  for (const [name, value] of Object.entries({ timeoutMs, stallTimeoutMs })) {
    if (value !== undefined && !(value > 0)) throw invalidOption(name, 'a number of milliseconds above 0', value, 'Leave it out to have it follow from the audio.');
  }
}
