import { createSqliteStore } from '@media-jobs/sqlite-store';
import { sampleRequest } from './sample-jobs.ts';

/** Makes the store and submits one identity when it is told, and says what became of it. */
const [file = '', key = ''] = process.argv.slice(2);
process.send?.('ready');
await new Promise((resolve) => { process.once('message', resolve); });
const store = createSqliteStore({ file });
const outcome = await store.submit(sampleRequest(await store.epoch(), key));
process.send?.(outcome.kind);
await store[Symbol.asyncDispose]();
process.disconnect();
