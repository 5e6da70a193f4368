// Resets the jobs of a work folder, and hangs for ever in the phase that it is told, until it is killed. With `none` it says
// that it is open, and begins when it is told; with `held` it waits in `collect` until it is told. Both end, and tell the report.
import { once } from 'node:events';
import type { Resettable } from '@media-jobs/cleanup';
import { createMediaJobs } from '@media-jobs/core';
import { openStore, type StoreSpec } from './worker/open-store.ts';

const [spec = '', workFolder = '', phase = ''] = process.argv.slice(2);
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
  async collect() {
    if (phase === 'collect') await hang();
    if (phase !== 'held') return;
    process.send?.('reached');
    await once(process, 'message');
  },
  count: () => (phase === 'verify' ? hang() : Promise.resolve(nothing)),
  end: () => (phase === 'end' ? hang() : Promise.resolve()),
};
const jobs = await createMediaJobs({ operations: [], worker: false, store: await openStore(JSON.parse(spec) as StoreSpec), workFolder, resetTargets: [halting] });
if (phase === 'none') {
  process.send?.('open');
  await once(process, 'message');
}
const report = await jobs.reset({ level: 'deep', refuseNewWork: true });
await jobs.close();
process.send?.(report);
process.disconnect();
