import { createSqliteStore } from '@media-jobs/sqlite-store';
import { sampleClaim, sampleSuccess } from './sample-jobs.ts';

/** Claims and commits job after job until none is in line, and says which it committed. Starts when it is told. */
const [file = '', owner = ''] = process.argv.slice(2);
const store = createSqliteStore({ file });
await store.ping();
process.send?.('ready');
await new Promise((resolve) => { process.once('message', resolve); });
const committed: string[] = [];
for (;;) {
  const [claimed] = await store.claim(sampleClaim({ owner }));
  if (claimed === undefined) break;
  const { committed: mine } = await store.commit(claimed.key, sampleSuccess(claimed));
  if (mine) committed.push(claimed.key.id);
}
process.send?.(committed);
await store[Symbol.asyncDispose]();
process.disconnect();
