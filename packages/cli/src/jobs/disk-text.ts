import type { DiskSpace, FolderSize, GuardLevel, MemorySpace } from '@media-jobs/cleanup';
import { printable } from '../printable.ts';
import { labelledLines } from '../table.ts';
import { bytesText, countText } from '../units.ts';

/** What takes room, and how much there is. */
export interface DiskSheet {
  readonly workFolder: string;
  readonly modelsFolder: string;
  /** Whether a service with the usual thresholds would take new work. */
  readonly level: GuardLevel;
  readonly holds: Readonly<Record<'jobs' | 'temp' | 'ledger' | 'store' | 'models', FolderSize>>;
  /** Of the work folder and of the models. */
  readonly disks: readonly (DiskSpace & { readonly folder: string; readonly level: GuardLevel })[];
  readonly memory: MemorySpace & { readonly level: GuardLevel };
  readonly gpu: { readonly cards: readonly { readonly name: string; readonly freeMiB: number | null; readonly totalMiB: number | null }[]; readonly reason: string | null };
}

const meanings: Readonly<Record<GuardLevel, string>> = {
  ok: 'enough',
  warn: 'running short',
  refuse: 'too short: new work is refused',
};

/** The sheet for people. */
export function diskText({ workFolder, modelsFolder, holds, disks, memory, gpu }: DiskSheet): string {
  return `${labelledLines([
    ['work folder', printable(workFolder)],
    ['jobs', sizeText(holds.jobs)],
    ['temp files', sizeText(holds.temp)],
    ['ledger, locks', sizeText(holds.ledger)],
    ['store', sizeText(holds.store)],
    ['models', `${sizeText(holds.models)}, in ${printable(modelsFolder)}`],
    ['disk', [...new Set(disks.map(spaceText))].join('\n')],
    ['memory', `${bytesText(memory.freeBytes)} free of ${bytesText(memory.totalBytes)} (${memory.limitedBy}); ${meanings[memory.level]}`],
    ['graphics', gpu.cards.length === 0 ? `none (${printable(gpu.reason ?? 'no card')})` : gpu.cards.map(cardText).join('\n')],
  ]).join('\n')}\n`;
}

function spaceText({ freeBytes, totalBytes, usedRatio, level }: DiskSheet['disks'][number]): string {
  return `${bytesText(freeBytes)} free of ${bytesText(totalBytes)}, ${(usedRatio * 100).toFixed(1)} % used; ${meanings[level]}`;
}

function sizeText({ files, bytes }: FolderSize): string {
  return `${bytesText(bytes)} in ${countText(files, 'file')}`;
}

function cardText({ name, freeMiB, totalMiB }: DiskSheet['gpu']['cards'][number]): string {
  return `${printable(name)}: ${freeMiB === null || totalMiB === null ? 'memory not told' : `${freeMiB} MiB free of ${totalMiB} MiB`}`;
}
