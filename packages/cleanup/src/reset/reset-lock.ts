import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { isOwnerAlive, ownerId } from '@media-jobs/process';
import { withLock } from '../directory-lock.ts';
import { systemCode } from '../file-errors.ts';
import { parseObject } from '../ledger-entry.ts';
import { randomId } from '../names.ts';
import type { ResetReport } from './reset-report.ts';
import type { ResetRequest } from './resettable.ts';
import { covers } from './shared-resets.ts';

/** What a process that waits for the reset of another asks for. */
interface Asked {
  readonly owner: string;
  readonly request: ResetRequest;
  readonly targets: readonly string[];
}

/** What `shareAcrossProcesses` works with. */
export interface ResetLockOptions {
  /** Path of the lock; files of those who wait lie beside it. */
  readonly path: string;
  readonly request: ResetRequest;
  /** Names of all targets. */
  readonly targets: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A reset of another process that hangs keeps nobody from a reset: two of them at once are harmless, only not shared. */
const waitMs = 600_000;

/**
 * Runs the reset while no other process runs one under the same lock. Whoever waited for one that did all that is asked for
 * gets its report. The lock only makes sharing possible: where it cannot be had, the reset runs without.
 */
export async function shareAcrossProcesses(options: ResetLockOptions, run: () => Promise<ResetReport>): Promise<ResetReport> {
  const { path, clock, logger } = options;
  const place = `${path}.${ownerId()}.${randomId()}.json`;
  let asking: Promise<void> | undefined;
  const state: { report: ResetReport | undefined } = { report: undefined };
  const inTurn = async (): Promise<void> => {
    await asking;
    state.report = asking === undefined ? undefined : await readAnswer(place);
    if (state.report !== undefined) return;
    state.report = await run();
    await answerOthers(options, place, state.report);
  };
  try {
    await withLock(path, { waitMs, onTimeout: 'skip', clock, logger, onWait: () => void (asking ??= ask(place, options)) }, inTurn);
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error), path }, 'The lock of resets could not be had or kept; the reset is not shared with other processes');
  }
  if (asking !== undefined) await rm(place, { force: true }).catch((error: unknown) => logger.warn({ err: error, path: place }, 'A note to another reset could not be removed'));
  return state.report ?? run();
}

/** Never rejects: without a note the reset simply runs again. */
async function ask(place: string, { request, targets, logger }: ResetLockOptions): Promise<void> {
  const asked: Asked = { owner: ownerId(), request, targets };
  try {
    await writeFile(place, JSON.stringify({ asked }), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    logger.debug({ err: error, path: place }, 'Another reset could not be told that somebody waits for it');
  }
}

async function readAnswer(place: string): Promise<ResetReport | undefined> {
  const text = await readFile(place, 'utf8').catch(() => '{}');
  return parseObject(text)['report'] as ResetReport | undefined;
}

/** Gives the report to those who wait and asked for no more, and removes what dead ones left. */
async function answerOthers({ path, request, targets, logger }: ResetLockOptions, mine: string, report: ResetReport): Promise<void> {
  try {
    const prefix = `${basename(path)}.`;
    const names = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
    for (const place of names.map((name) => join(dirname(path), name)).filter((other) => other !== mine)) {
      const asked = parseObject(await readFile(place, 'utf8'))['asked'] as Asked | undefined;
      if (asked === undefined) continue;
      if (isOwnerAlive(asked.owner) === 'dead') await rm(place, { force: true });
      else if (covers(request, asked.request) && asked.targets.every((name) => targets.includes(name))) await writeFile(place, JSON.stringify({ asked, report }), { flag: 'r+' });
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') logger.warn({ err: MediaJobError.from(error) }, 'Others who wait for this reset could not be told its report');
  }
}
