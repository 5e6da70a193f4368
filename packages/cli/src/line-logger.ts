import { inspect } from 'node:util';
import { MediaJobError, silentLogger, type LogFields, type Logger } from '@media-jobs/foundation';
import type { CommandContext } from './command.ts';
import { printable } from './printable.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** The logger of a command: lines on stderr with `--verbose`, else none. */
export function verboseLogger(verbose: boolean, { stderr, clock }: Pick<CommandContext, 'stderr' | 'clock'>): Logger {
  if (!verbose) return silentLogger;
  return createLineLogger((line) => void stderr.write(`${line}\n`), () => clock.now());
}

/** The logger of a command that serves: lines on stderr always, those for the search of faults with `--verbose` only. */
export function serverLogger(verbose: boolean, { stderr, clock }: Pick<CommandContext, 'stderr' | 'clock'>): Logger {
  const logger = createLineLogger((line) => void stderr.write(`${line}\n`), () => clock.now());
  return verbose ? logger : withoutDebug(logger);
}

function withoutDebug(logger: Logger): Logger {
  return Object.freeze({ ...logger, debug: () => undefined, child: (fields: LogFields) => withoutDebug(logger.child(fields)) });
}

/** What `--verbose` shows: one line for each event, fields behind the message. */
export function createLineLogger(write: (line: string) => void, now: () => number, inherited: LogFields = {}): Logger {
  const log = (level: Level) => (fields: LogFields, message: string): void => {
    const all = Object.entries({ ...inherited, ...fields }).map(([name, value]) => `${name}=${valueText(value)}`);
    write(printable([new Date(now()).toISOString(), level.padEnd(5), message, ...all].join(' ')));
  };
  return Object.freeze({
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields: LogFields) => createLineLogger(write, now, { ...inherited, ...fields }),
  });
}

function valueText(value: unknown): string {
  // The stack would fill the line; the error that ends the command shows its own.
  if (MediaJobError.isInstance(value)) return `${value.code}: ${JSON.stringify(value.message)}`;
  if (typeof value === 'string') return /^[\w./:+-]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { depth: 3, breakLength: Infinity, compact: true });
}
