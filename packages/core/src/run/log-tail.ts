import type { LogFields, Logger } from '@media-jobs/foundation';
import { maxLogTail } from '../job/job.ts';

/** A logger that remembers the last lines that went through it and through its children. */
export interface LogTail {
  readonly logger: Logger;
  /** Oldest first, such as `warn: retrying the probe`. */
  lines(): readonly string[];
}

const maxLineLength = 500;

/** Keeps the last `maxLogTail` lines above `debug`: they go on the record of a failed attempt. */
export function createLogTail(target: Logger): LogTail {
  const kept: string[] = [];
  const keep = (level: string, message: string): void => {
    kept.push(`${level}: ${message}`.slice(0, maxLineLength));
    if (kept.length > maxLogTail) kept.shift();
  };
  const wrap = (inner: Logger): Logger => {
    const line = (level: 'info' | 'warn' | 'error') => (fields: LogFields, message: string): void => {
      keep(level, message);
      inner[level](fields, message);
    };
    return {
      debug: (fields, message) => inner.debug(fields, message),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: (fields) => wrap(inner.child(fields)),
    };
  };
  return { logger: wrap(target), lines: () => [...kept] };
}
