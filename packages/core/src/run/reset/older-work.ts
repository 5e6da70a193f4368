import type { ResetControls } from '@media-jobs/cleanup';
import { endProcesses, isOwnerAlive, processesOf } from '@media-jobs/process';
import { findMarkedWork, type MarkedWork } from '../epoch-marks.ts';
import type { RunContext } from '../run-context.ts';
import type { Runner } from '../runner.ts';

const lookEveryMs = 50;

/** A claim may be on its way to a worker when it is looked for first: where others are open, nothing must be found for so long. */
const quietMs = 300;

/**
 * Stops the work of older epochs here, and waits until it has ended here and in all other processes, which learn of the
 * reset from the store. A worker that has not given up its work when its lease has passed is frozen or cut off from the
 * store: its programs on this host are then ended, and nobody waits for it; its commits are refused for ever.
 */
export async function awaitOlderWork(context: RunContext, runner: Runner | null, epoch: string, controls: ResetControls): Promise<void> {
  const { clock, workFolder, leaseMs } = context;
  const began = clock.monotonic();
  const alone = (await workFolder.countOpen()) === 1;
  let quietSince = began;
  for (;;) {
    controls.signal.throwIfAborted();
    const own = runner?.stopBefore(epoch) ?? 0;
    const older = (await findMarkedWork(workFolder)).filter(({ epochs }) => epochs.some((name) => name < epoch));
    const now = clock.monotonic();
    if (own > 0 || older.length > 0) quietSince = now;
    else if (alone || now - quietSince >= quietMs) return;
    if (own === 0 && now - began >= leaseMs && older.length > 0) return giveUpOn(context, older, epoch, controls);
    await clock.sleep(lookEveryMs, controls.signal);
  }
}

async function giveUpOn({ clock, logger }: RunContext, older: readonly MarkedWork[], epoch: string, { add, note }: ResetControls): Promise<void> {
  const owners = [...new Set(older.map(({ owner }) => owner))];
  // Who has begun work of the new epoch is awake: its programs may be of that.
  const asleep = owners.filter((owner) => isOwnerAlive(owner) === 'alive' && older.every((work) => work.owner !== owner || work.epochs.every((name) => name < epoch)));
  for (const owner of asleep) {
    const ended = await endProcesses(await processesOf(owner), { ownerId: owner, clock });
    add({ processesEnded: ended.length });
  }
  note('workersNotWaitedFor', owners);
  logger.warn({ owners, asleep }, 'Workers did not give up work of before a reset within its lease; what they write is refused, and goes with the next sweep');
}
