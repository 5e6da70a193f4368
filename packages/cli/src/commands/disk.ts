import { join } from 'node:path';
import { createGuards, folderSize, gpuMemory } from '@media-jobs/cleanup';
import { exitCodes, modelsFolderOption, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { diskText, type DiskSheet } from '../jobs/disk-text.ts';
import { settingsOf } from '../settings.ts';

/** `media-jobs disk`. */
export const disk: Command = Object.freeze({
  name: 'disk',
  about: 'show what the work folder and the models take, what is free, and whether new work is admitted',
  operands: [],
  options: [modelsFolderOption, { name: 'json', about: 'print one object for programs' }],
  details: ['Makes and removes nothing. Ends with 1 when disk or memory is so short that new work is refused; `media-jobs sweep` removes what has expired.'],
  run,
});

/** What lies in a work folder, by the kind of thing. */
const kinds = { jobs: ['jobs'], temp: ['temp'], ledger: ['ledger', 'locks'], store: ['jobs.db', 'jobs.db-wal', 'jobs.db-shm'] } as const;

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { workFolder, modelsFolder } = settingsOf(invocation, context.environment);
  const sheet = await measure(workFolder, modelsFolder, context);
  await context.stdout.write(invocation.isSet('json') ? `${JSON.stringify(sheet, null, 2)}\n` : diskText(sheet));
  return sheet.level === 'refuse' ? exitCodes.failure : exitCodes.success;
}

async function measure(workFolder: string, modelsFolder: string, { signal, clock }: CommandContext): Promise<DiskSheet> {
  const guards = createGuards({ folders: [workFolder, modelsFolder], clock });
  const [jobs, temp, ledger, store, models] = await Promise.all([
    sizeOf(workFolder, kinds.jobs), sizeOf(workFolder, kinds.temp), sizeOf(workFolder, kinds.ledger), sizeOf(workFolder, kinds.store), folderSize(modelsFolder),
  ]);
  const [state, { gpus, reason }] = [await guards.check(), await gpuMemory({ signal, clock })];
  return {
    workFolder, modelsFolder, level: state.level,
    holds: { jobs, temp, ledger, store, models },
    disks: state.disks.map(({ folder, freeBytes, totalBytes, usedRatio, level }) => ({ folder, freeBytes, totalBytes, usedRatio, level })),
    memory: state.memory,
    gpu: { cards: gpus.map(({ name, freeMiB, totalMiB }) => ({ name, freeMiB, totalMiB })), reason },
  };
}

async function sizeOf(workFolder: string, names: readonly string[]): Promise<{ files: number; bytes: number }> {
  const sizes = await Promise.all(names.map((name) => folderSize(join(workFolder, name))));
  return sizes.reduce((sum, { files, bytes }) => ({ files: sum.files + files, bytes: sum.bytes + bytes }), { files: 0, bytes: 0 });
}
