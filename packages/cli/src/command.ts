import type { Clock } from '@media-jobs/foundation';

/** How a command ends. */
export const exitCodes = Object.freeze({
  success: 0,
  /** The job failed, or something needed is missing. */
  failure: 1,
  /** The command line or the environment is wrong; nothing was done. */
  usage: 2,
  /** Ended by a signal; nothing is left running or lying about. */
  interrupted: 130,
});
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Where a command writes. A process stream fits, and so does an array of chunks in a test. */
export interface TextOutput {
  /** Resolves when the text is handed over; also when the reader has gone away. */
  write(text: string): Promise<void>;
  /** Whether a person reads along. */
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** All that a command may know of the world. */
export interface CommandContext {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

/** One option of a command, without its leading dashes. */
export interface CommandOption {
  readonly name: string;
  /** What stands for the value in the help, such as `FILE`; without one the option is a switch. */
  readonly value?: string;
  readonly about: string;
}

/** What the user typed after the command's name. */
export interface Invocation {
  /** The arguments, in their order. */
  readonly files: readonly string[];
  text(option: string): string | undefined;
  isSet(option: string): boolean;
}

/** One command of `media-jobs`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly about: string;
  /** Names of the arguments in the help, such as `['FILE']`; all must be given but one in brackets, which stands last: `['[ID]']`. */
  readonly operands: readonly string[];
  readonly options: readonly CommandOption[];
  /** More for the help of this command, in whole sentences. */
  readonly details: readonly string[];
  run(invocation: Invocation, context: CommandContext): Promise<ExitCode>;
}

/** Of the commands that have to do with models. */
export const modelsFolderOption: CommandOption = { name: 'models-folder', value: 'DIR', about: 'where models are kept (default: $MEDIA_JOBS_MODELS_FOLDER, or models in $XDG_CACHE_HOME/media-jobs or ~/.cache/media-jobs)' };

/** Options that every command takes. */
export const commonOptions: readonly CommandOption[] = [
  { name: 'work-folder', value: 'DIR', about: 'where jobs, results and temp files are kept (default: $MEDIA_JOBS_WORK_FOLDER, $XDG_CACHE_HOME/media-jobs or ~/.cache/media-jobs)' },
  { name: 'verbose', about: 'log to stderr, and show the causes of an error' },
  { name: 'help', about: 'show this help' },
];
