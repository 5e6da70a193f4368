import { existsSync } from 'node:fs';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaJobError, type Timer } from '@media-jobs/foundation';
import { isOwnerAlive, ownerId } from '@media-jobs/process';
import type { RunContext } from '../run-context.ts';

/** Turns submits away in all processes that share a work folder. */
export interface ResetGate {
  /** Shuts it on behalf of a reset. */
  shut(resetId: string): Promise<void>;
  open(): Promise<void>;
}

type GateContext = Pick<RunContext, 'workFolder' | 'clock' | 'logger'>;

/** A gate of a process that cannot be judged from here counts as forgotten when it was not touched for so long. */
const forgottenAfterMs = 30_000;
const touchEveryMs = 5_000;

const retryAfterMs = 1_000;

function gateFile({ workFolder }: GateContext): string {
  return join(workFolder.locksFolder, 'refuse-new-work.json');
}

/** The gate is a file that names the process which shut it: when that is dead, it is as good as open. */
export function createResetGate(context: GateContext): ResetGate {
  const { clock, logger } = context;
  const path = gateFile(context);
  let timer: Timer | undefined;
  const touch = async (): Promise<void> => {
    const now = clock.now() / 1_000;
    await utimes(path, now, now).catch((error: unknown) => logger.debug({ err: error }, 'The gate of a reset could not be touched'));
    if (timer !== undefined) timer = clock.after(touchEveryMs, () => void touch());
  };
  return {
    async shut(resetId) {
      await writeFile(path, JSON.stringify({ owner: ownerId(), resetId }), { mode: 0o600 });
      timer = clock.after(touchEveryMs, () => void touch());
    },
    async open() {
      timer?.cancel();
      timer = undefined;
      await rm(path, { force: true });
    },
  };
}

/** Throws `RESETTING` while a reset that lives turns new work away. Removes the gate of a dead one. */
export async function requireOpenGate(context: GateContext): Promise<void> {
  const path = gateFile(context);
  // Almost always there is none, and a submit must not pay for it.
  if (!existsSync(path)) return;
  const state = await stateOf(context, path);
  if (state === 'shut') {
    throw new MediaJobError('RESETTING', { message: 'Expected to submit a job, got a reset under way that turns new work away.', advice: 'Try again when it is over, within a minute or so.', retryAfterMs });
  }
  if (state === 'forgotten') await rm(path, { force: true });
}

/** A gate that says nothing yet is being shut: the reset that does so begins when it is, or died in it. */
async function stateOf({ clock }: GateContext, path: string): Promise<'shut' | 'open' | 'forgotten'> {
  const found = await stat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  if (found === undefined) return 'open';
  const isRecent = clock.now() - found.mtimeMs < forgottenAfterMs;
  const owner = await ownerIn(path);
  if (owner === undefined) return isRecent ? 'open' : 'forgotten';
  const life = isOwnerAlive(owner);
  return life === 'alive' || (life === 'unknown' && isRecent) ? 'shut' : 'forgotten';
}

async function ownerIn(path: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as { readonly owner: string }).owner;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
