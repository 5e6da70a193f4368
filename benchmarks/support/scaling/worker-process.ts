// A worker as anybody would start it, with one place for each of one or two operations. Runs until it is killed.
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { waitLong } from '../wait-operation.ts';

const [url = '', prefix = '', workFolder = '', operations = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
const others = operations === '2' ? [{ ...waitLong, name: 'wait-longer' }] : [];
await createMediaJobs({ operations: [waitLong, ...others], store: createRedisStore({ url, prefix }), queue: createBullmqQueue({ connection: url, prefix }), workFolder });
process.send?.('ready');
