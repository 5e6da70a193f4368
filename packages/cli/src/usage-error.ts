import { MediaJobError } from '@media-jobs/foundation';

/** A wrong command line. `command` names the command whose help tells what is right. */
export function usageError(message: string, command?: string, cause?: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message,
    advice: command === undefined ? 'Run `media-jobs --help` for the commands.' : `Run \`media-jobs help ${command}\` for its options.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
