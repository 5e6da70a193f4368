// From a media file to its words, with progress on the way.
//
//   npx node --conditions=@media-jobs/source examples/transcribe-file/transcribe-file.ts FILE [MODEL]
//
// Run it twice: the second time it is answered from the cache. Kill it half-way and run it again: it goes on.
import { createMediaJobs } from '@media-jobs/core';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createWhisper, transcribe } from '@media-jobs/whisper';

const [file = 'talk.mp4', model = './fixtures/twenty-words.en.ggml.bin'] = process.argv.slice(2);

await using whisper = await createWhisper({ model, keepAliveMs: 60_000 });
await using jobs = await createMediaJobs({
  operations: [transcribe({ whisper, speech: createFfmpeg() })],
  store: createSqliteStore({ file: './work/jobs.db' }),
  workFolder: './work',
});
const job = await jobs.submit('transcribe', { file, language: 'en' });
for await (const event of job.events()) console.error(`${event.phase} ${Math.round(event.progress * 100)} %`);
const { text } = await job.result(); // typed by the operation
console.log(text);
