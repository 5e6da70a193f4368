import { jobStates, type StoreStats } from '@media-jobs/core';
import { printable } from '../printable.ts';
import { labelledLines, tableText } from '../table.ts';
import { ageText, bytesText, countText, durationText } from '../units.ts';

const tableWidth = 100;

/** The counts of a store for people. */
export function statsText({ byState, deadLetters, cacheHits, cacheMisses, cacheUnusable, corrupt, files, bytes, oldestWaitingMs, byOperation }: StoreStats): string {
  const total = jobStates.reduce((sum, state) => sum + byState[state], 0);
  const lines = labelledLines([
    ['jobs', String(total)],
    ...jobStates.filter((state) => byState[state] > 0).map((state) => [`  ${state}`, String(byState[state]) + (state === 'failed' && deadLetters > 0 ? `, ${countText(deadLetters, 'dead letter')} among them` : '')] as const),
    ['in line', `${byState.queued + byState.retrying}${oldestWaitingMs === null ? '' : `, the oldest for ${ageText(oldestWaitingMs)}`}`],
    ['files', `${files}, ${bytesText(bytes)}`],
    ['cache', `${countText(cacheHits, 'hit')}, ${cacheMisses} ${cacheMisses === 1 ? 'miss' : 'misses'}${cacheUnusable === 0 ? '' : `, ${cacheUnusable} unusable`}`],
    ...(corrupt === 0 ? [] : [['set aside', `${countText(corrupt, 'record')} that could not be read`] as const]),
  ]);
  const operations = Object.entries(byOperation).map(([name, { waiting, running, completed, failed, totalWallMs, maxWallMs }]) => [
    printable(name), String(waiting), String(running), String(completed), String(failed), completed === 0 ? '-' : durationText(totalWallMs / completed), completed === 0 ? '-' : durationText(maxWallMs),
  ]);
  const columns = [{ title: 'OPERATION', leastWidth: 10 }, ...['WAITING', 'RUNNING', 'COMPLETED', 'FAILED', 'MEAN', 'LONGEST'].map((title) => ({ title }))];
  return `${lines.join('\n')}\n${operations.length === 0 ? '' : `\n${tableText(columns, operations, tableWidth)}`}`;
}
