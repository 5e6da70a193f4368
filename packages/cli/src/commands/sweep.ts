import { openWorkFolder } from '@media-jobs/cleanup';
import type { CleanupReport } from '@media-jobs/core';
import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { sweepText } from '../jobs/sweep-text.ts';
import { filesOption } from '../jobs/files-place.ts';
import { findWorkPlace, openJobs, storeOptions, type WorkPlace } from '../jobs/work-place.ts';

/** `media-jobs sweep`. */
export const sweep: Command = Object.freeze({
  name: 'sweep',
  about: 'remove what has expired and what dead processes left, and bring back jobs that lost their worker',
  operands: [],
  options: [{ name: 'json', about: 'print one object for programs' }, ...storeOptions, filesOption],
  details: ['One cleanup pass, as every worker makes it from time to time; safe while workers run. Ends with 1 when something could not be removed.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { stdout, signal } = context;
  const place = await findWorkPlace(invocation, context, { touchesFiles: true });
  await requireStore(place);
  const report = await sweepOnce(place, signal);
  await stdout.write(invocation.isSet('json') ? `${JSON.stringify(report, null, 2)}\n` : sweepText(report));
  return report.errors.length === 0 ? exitCodes.success : exitCodes.failure;
}

/** A folder with a `jobs.db` that is none of ours is no work folder, and must not become one. */
async function requireStore(place: WorkPlace): Promise<void> {
  await using store = place.openStore();
  await store.ping();
}

/** To open a work folder sweeps it as well, so the report adds up what the opening and the pass removed. What the opening could not, the pass tried again. */
async function sweepOnce(place: WorkPlace, signal: AbortSignal): Promise<CleanupReport> {
  await using opened = await openWorkFolder({ folder: place.workFolder, logger: place.logger });
  await using jobs = await openJobs(place);
  signal.throwIfAborted();
  const stop = (): void => void jobs.close({ deadlineMs: 0 });
  signal.addEventListener('abort', stop);
  const report = await jobs.sweep();
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  const { openingSweep: first } = opened;
  const dead = report.leftByDeadOwners;
  return {
    ...report,
    leftByDeadOwners: dead && { ...dead, owners: dead.owners + first.owners, files: dead.files + first.files, bytes: dead.bytes + first.bytes, processes: dead.processes + first.processes },
  };
}
