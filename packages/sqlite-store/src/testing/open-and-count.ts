import { createSqliteStore } from '@media-jobs/sqlite-store';

/** Opens a store when it is told, and says how many jobs are in line. */
const [file = ''] = process.argv.slice(2);
process.send?.('ready');
await new Promise((resolve) => { process.once('message', resolve); });
const store = createSqliteStore({ file });
process.send?.((await store.stats()).byState.queued);
await store[Symbol.asyncDispose]();
process.disconnect();
