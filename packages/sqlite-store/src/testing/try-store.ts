import { createSqliteStore } from '@media-jobs/sqlite-store';
import { MediaJobError } from '@media-jobs/foundation';
import { sampleRequest } from './sample-jobs.ts';

/** Opens a store, as another user when one is named, submits one job, and says what became of it. */
const [file = '', user = ''] = process.argv.slice(2);
if (user !== '') process.setuid?.(Number(user));
const store = createSqliteStore({ file });
try {
  const outcome = await store.submit(sampleRequest(await store.epoch(), 'talk'));
  process.send?.(outcome.kind);
} catch (error) {
  process.send?.(MediaJobError.from(error).toJSON());
}
await store[Symbol.asyncDispose]();
process.disconnect();
