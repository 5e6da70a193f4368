import type { ResetReport } from '@media-jobs/cleanup';
import { printable } from '../printable.ts';
import { labelledLines } from '../table.ts';
import { bytesText, countText } from '../units.ts';

/** What a reset did, for people. */
export function resetText({ message, jobsRemoved, filesDeleted, bytesFreed, modelsDeleted, queuePurged, tasksPurged, processesEnded, left, perTarget, errors }: ResetReport): string {
  const listed = Object.values(perTarget).flatMap((target) => target.left.listed);
  return `${message}\n${labelledLines([
    ['jobs', countText(jobsRemoved, 'job')],
    ['files', `${countText(filesDeleted, 'file')}, ${bytesText(bytesFreed)}`],
    ['models', countText(modelsDeleted, 'model')],
    ['queue', queuePurged ? countText(tasksPurged, 'task') : 'left alone'],
    ['programs ended', String(processesEnded)],
    ['left', left === 0 ? 'nothing' : [String(left), ...listed.map(printable)].join('\n')],
    ['errors', errors.length === 0 ? 'none' : errors.map(({ path, reason }) => `${printable(path)}: ${printable(reason)}`).join('\n')],
  ]).join('\n')}\n`;
}
