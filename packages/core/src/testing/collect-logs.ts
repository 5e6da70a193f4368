import type { LogFields, Logger } from '@media-jobs/foundation';

/** One line that was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** The line's own fields and those of its logger. */
  readonly fields: LogFields;
}

/** A logger that keeps its lines, and those of all its children, in the order in which they came. */
export interface LogCollector extends Logger {
  readonly lines: readonly LogLine[];
}

/** A logger for tests. */
export function collectLogs(): LogCollector {
  const lines: LogLine[] = [];
  return { ...loggerOn(lines, {}), lines };
}

function loggerOn(lines: LogLine[], inherited: LogFields): Logger {
  const at = (level: LogLine['level']) => (fields: LogFields, message: string): void => void lines.push({ level, message, fields: { ...inherited, ...fields } });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: (fields) => loggerOn(lines, { ...inherited, ...fields }) };
}
