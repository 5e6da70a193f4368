import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '@media-jobs/foundation';

/** What a log is made of. */
export interface LedgerLogOptions {
  readonly file: string;
  /** First line, with its line end. */
  readonly header: string;
  /** The lines that still count, asked for when the file is written anew. */
  readonly live: () => string;
  readonly logger: Logger;
}

/** A file that lines are added to, each on the disk before its promise resolves. */
export interface LedgerLog {
  append(line: string): Promise<void>;
  /** Waits for what is under way and closes the file; it stays. */
  close(): Promise<void>;
}

/** A file below this size is never written anew. */
const smallBytes = 64 * 1024;

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The name of a log while it is written anew. */
export function unfinishedLog(file: string): string {
  return `${file}.new`;
}

/**
 * Creates the file, which must not exist, and its name is on the disk. Lines that are asked for at the same time share
 * one write and one flush. When most lines no longer count, the file is written anew and renamed over the old one.
 */
export async function createLedgerLog(options: LedgerLogOptions): Promise<LedgerLog> {
  const { file, header } = options;
  const log: OpenLog = { ...options, handle: await open(file, 'ax', 0o600), bytes: 0, rewriteAt: smallBytes, torn: false };
  await write(log, header);
  await syncFolder(dirname(file));
  const waiting: Waiting[] = [];
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) await settle(log, waiting.splice(0));
    draining = undefined;
  };
  return {
    append: (line) =>
      new Promise((resolve, reject) => {
        waiting.push({ line, resolve, reject });
        draining ??= drain();
      }),
    async close() {
      await draining;
      await log.handle.close();
    },
  };
}

interface OpenLog extends LedgerLogOptions {
  handle: FileHandle;
  bytes: number;
  rewriteAt: number;
  /** The last write failed and may have left half a line. */
  torn: boolean;
}

/** Never throws: each waiting caller hears of its own line. */
async function settle(log: OpenLog, batch: readonly Waiting[]): Promise<void> {
  try {
    await write(log, batch.map(({ line }) => line).join(''));
    for (const { resolve } of batch) resolve();
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
  if (log.bytes > log.rewriteAt) await rewrite(log);
}

async function write(log: OpenLog, lines: string): Promise<void> {
  const text = log.torn ? `\n${lines}` : lines;
  log.torn = true;
  await log.handle.appendFile(text);
  await log.handle.datasync();
  log.torn = false;
  log.bytes += Buffer.byteLength(text);
}

/** Leaves the old file in use when the new one cannot be made: a long ledger is no harm. */
async function rewrite(log: OpenLog): Promise<void> {
  const text = log.header + log.live();
  const unfinished = unfinishedLog(log.file);
  try {
    const handle = await open(unfinished, 'a', 0o600);
    try {
      await handle.truncate(0);
      await handle.appendFile(text);
      await handle.datasync();
      await rename(unfinished, log.file);
    } catch (error) {
      await handle.close();
      await unlink(unfinished);
      throw error;
    }
    await log.handle.close();
    log.handle = handle;
    log.bytes = Buffer.byteLength(text);
    log.torn = false;
    await syncFolder(dirname(log.file));
  } catch (error) {
    log.logger.warn({ err: error, path: log.file }, 'The ledger could not be written anew and goes on growing');
  }
  log.rewriteAt = Math.max(smallBytes, log.bytes * 4);
}

/** Puts a new name on the disk. Windows knows no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
