/** One job on long audio in a process that may be killed: `node transcribing-parent.ts WORK_FOLDER MODEL FILE ENGINE LANES`. It tells its result. */
import { join } from 'node:path';
import { createMediaJobs } from '@media-jobs/core';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createWhisper, transcribe } from '@media-jobs/whisper';

const [workFolder = '', model = '', file = '', engine, lanes = '1'] = process.argv.slice(2);
await using whisper = await createWhisper({ model, engine: engine === 'addon-child' ? 'addon-child' : 'whisper-cli', chunkSeconds: 10, threads: 1, lanes: Number(lanes) });
await using jobs = await createMediaJobs({ operations: [transcribe({ whisper, speech: createFfmpeg() })], store: createSqliteStore({ file: join(workFolder, 'jobs.db') }), workFolder, diskReserveBytes: 0 });
const job = await jobs.submit('transcribe', { file, waveform: false });
const parts: unknown[] = [];
for await (const event of job.events()) parts.push(...(event.parts ?? []));
const { text, segments, chunks } = await job.result();
process.send?.({ text, segments, chunks, parts });
