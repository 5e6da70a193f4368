// Media jobs inside somebody's Express app: the whole service below /media, and a route of the app's own.
//
//   npx node --conditions=@media-jobs/source examples/embed-in-express/embed-in-express.ts [MODEL]
//   curl --data-binary @talk.mp4 http://localhost:3000/words
import { createMediaJobs } from '@media-jobs/core';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { mediaJobs } from '@media-jobs/http';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createWhisper, transcribe } from '@media-jobs/whisper';
import express from 'express';
import Fastify from 'fastify';

const whisper = await createWhisper({ model: process.argv[2] ?? './fixtures/twenty-words.en.ggml.bin', keepAliveMs: 60_000 });
const jobs = await createMediaJobs({
  operations: [transcribe({ whisper, speech: createFfmpeg() })],
  store: createSqliteStore({ file: './work/express/jobs.db' }),
  workFolder: './work/express',
});

// The service is a Fastify plugin; it needs no port of its own.
const service = Fastify();
await service.register(mediaJobs, { jobs, prefix: '/media' });
await service.ready();

const app = express();
app.use('/media', (request, response) => {
  request.url = request.originalUrl; // Express cuts off what it is mounted at; the links of the service begin with it
  service.routing(request, response);
});

// A route of the app: the body is the file, the answer is what is said in it.
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 hands on what rejects.
app.post('/words', async (request, response) => {
  await using file = await jobs.receive(request, { name: 'talk' });
  const job = await jobs.submit('transcribe', { file: file.path });
  const { text } = await job.result();
  response.type('text').send(`${text}\n`);
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`));

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());

async function end(): Promise<void> {
  server.close();
  await service.close();
  await jobs.close();
  await whisper[Symbol.asyncDispose]();
}
