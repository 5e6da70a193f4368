import type { CleanupReport } from '@media-jobs/core';
import { printable } from '../printable.ts';
import { labelledLines } from '../table.ts';
import { bytesText, countText } from '../units.ts';

interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** What a cleanup pass did, for people. */
export function sweepText({ expired, orphans, olderEpochs, leftByDeadOwners, lapsed, woken, errors }: CleanupReport): string {
  const dead = leftByDeadOwners ?? { owners: 0, files: 0, bytes: 0, processes: 0, unjudged: 0 };
  const found = orphans ?? { folders: 0, files: 0, bytes: 0 };
  return `${labelledLines([
    ['expired', `${countText(expired.jobs, 'job')}, ${amountText(expired)}`],
    ['orphans', `${countText(found.folders, 'folder')} that no job names, ${amountText(found)}`],
    ['before a reset', `${countText(olderEpochs.records, 'record')}, ${amountText(olderEpochs)}`],
    ['dead processes', `${dead.owners} found, ${amountText(dead)}, ${countText(dead.processes, 'program')} ended${dead.unjudged === 0 ? '' : `; ${dead.unjudged} could not be judged from here`}`],
    ['brought back', `${countText(lapsed, 'job')} without a worker, ${woken} whose retry was due`],
    ['errors', errors.length === 0 ? 'none' : errors.map(({ path, reason }) => `${printable(path)}: ${printable(reason)}`).join('\n')],
  ]).join('\n')}\n`;
}

function amountText({ files, bytes }: Amount): string {
  return `${countText(files, 'file')}, ${bytesText(bytes)}`;
}
