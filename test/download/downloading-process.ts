import { createMediaJobs } from '@media-jobs/core';
import { createDownloader, downloadOperation } from '@media-jobs/download';
import { createSqliteStore } from '@media-jobs/sqlite-store';

const { folder, url } = JSON.parse(process.argv[2] ?? '') as { readonly folder: string; readonly url: string };
process.once('disconnect', () => process.exit());

const downloader = createDownloader({ allowedNetworks: ['127.0.0.1/32'], reserveBytes: 0 });
const jobs = await createMediaJobs({ operations: [downloadOperation({ downloader })], store: createSqliteStore({ file: `${folder}/jobs.db` }), workFolder: `${folder}/work`, diskReserveBytes: 0 });
const job = await jobs.submit('download', { url });
const { sha256 } = await job.result();
process.send?.({ sha256, left: (await jobs.stats()).byState });
