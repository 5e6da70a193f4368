import { createSqliteStore } from '@media-jobs/sqlite-store';
import { sampleClaim, sampleSuccess } from './sample-jobs.ts';

/** Claims and commits job after job until none is in line, and says which it committed. Starts when it is told. */
const [file = '', owner = ''] = process.argv.slice(2);
const store = createSqliteStore({ file });
await store.ping();
process.send?.('ready');
await new Promise((resolve) => { process.once('message', resolve); });
const request = sampleClaim({ owner });
const committed: string[] = [];
for (let [claimed] = await store.claim(request); claimed !== undefined; ) {
  const reply = await store.commit(claimed.key, sampleSuccess(claimed), committed.length % 4 === 0 ? undefined : request);
  if (reply.committed) committed.push(claimed.key.id);
  [claimed] = reply.next.length > 0 ? reply.next : await store.claim(request);
}
process.send?.(committed);
await store[Symbol.asyncDispose]();
process.disconnect();
