import { createMediaJobs } from '@media-jobs/core';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import Fastify from 'fastify';
import { mediaJobs } from '../media-jobs-plugin.ts';
import { copy } from './sample-operations.ts';

/** A service of its own process, in the folder that is named; tells its port, and goes on until it is killed. */
const workFolder = process.argv[2] ?? '';
const jobs = await createMediaJobs({ operations: [copy], store: createSqliteStore({ file: `${workFolder}/jobs.db` }), workFolder, diskReserveBytes: 0, worker: false });
const app = Fastify();
await app.register(mediaJobs, { jobs, docs: false });
await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${(app.server.address() as { readonly port: number }).port}\n`);
