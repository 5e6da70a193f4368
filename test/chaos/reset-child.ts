// Resets the jobs of a work folder, and hangs for ever in the phase that it is told, until it is killed.
import { createMediaJobs } from '@media-jobs/core';
import type { Resettable } from '@media-jobs/cleanup';
import { createSqliteStore } from '@media-jobs/sqlite-store';

const [file = '', workFolder = '', phase = ''] = process.argv.slice(2);
const hang = async (): Promise<never> => {
  process.send?.('reached');
  // A timer, because a promise alone keeps no process alive.
  return new Promise(() => void setInterval(() => undefined, 60_000));
};
const nothing = { count: 0, listed: [] };
const halting: Resettable = {
  name: 'halting',
  kind: 'files',
  begin: () => (phase === 'begin' ? hang() : Promise.resolve()),
  stop: () => (phase === 'stop' ? hang() : Promise.resolve()),
  collect: () => (phase === 'collect' ? hang() : Promise.resolve()),
  count: () => (phase === 'verify' ? hang() : Promise.resolve(nothing)),
  end: () => (phase === 'end' ? hang() : Promise.resolve()),
};
const jobs = await createMediaJobs({ operations: [], worker: false, store: createSqliteStore({ file }), workFolder, resetTargets: [halting] });
await jobs.reset({ level: 'deep', refuseNewWork: true });
