import { MediaJobError } from '@media-jobs/foundation';
import { exitError } from './engine-faults.ts';

/** `whisper-cli` could not load the model. */
const modelRefused = 3;

/** The error of a `whisper-cli` that ended while it was needed; null means with exit code 0, which proves nothing. */
export function cliExitError(error: MediaJobError | null, log: string, doing: string): MediaJobError {
  if (error === null) return exitError({ exitCode: 0, signal: null, stderrTail: log }, doing);
  const { exitCode, signal } = error.facts as { exitCode?: number | null; signal?: NodeJS.Signals | null };
  if (error.code !== 'PROGRAM_FAILED' && error.code !== 'PROGRAM_CRASHED' && error.code !== 'PROGRAM_KILLED') return error;
  const fault = exitError({ exitCode: exitCode ?? null, signal: signal ?? null, stderrTail: log }, doing);
  if (exitCode !== modelRefused || fault.code === 'MEMORY_SHORT') return fault;
  return new MediaJobError('MODEL_INVALID', { message: 'The engine refused the model.', advice: 'Download the model again; a ggml model of whisper.cpp fits.', facts: fault.facts });
}

/** The program could make no audio of the file. */
export function unreadableAudio(file: string, log: string): MediaJobError {
  return new MediaJobError('CORRUPT', { message: `The engine could not read the audio in "${file}".`, advice: 'Give a WAV file of 16 kHz, mono, 16-bit PCM that nobody writes to.', facts: { path: file, log: log.slice(-1024) } });
}

/** The program went on to an input that nobody has asked for. */
export function unexpectedInput(file: string, log: string): MediaJobError {
  return new MediaJobError('ENGINE_FAILED', { message: `whisper-cli went on to an input out of turn: "${file}".`, advice: 'Try again; a new process is started.', facts: { log: log.slice(-4096) } });
}
