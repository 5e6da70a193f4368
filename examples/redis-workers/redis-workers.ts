// A service whose work is done by others: takes uploads in, and hands them to workers on any number of machines.
//
//   npx node --conditions=@media-jobs/source examples/redis-workers/redis-workers.ts [PORT]
//
// Redis is that of REDIS_URL, default redis://localhost:6379/0; the workers, two kinds of them, are started by compose.yaml or by hand:
//
//   media-jobs worker --redis env --work-folder ./work --operations prepare-speech
//   media-jobs worker --redis env --work-folder ./work --operations transcribe --model ./fixtures/twenty-words.en.ggml.bin
//
// On machines that share no folder, give the server `files` (a bucket, or a mounted folder) and the workers the same place:
//
//   media-jobs worker --redis env --files s3://media/jobs --work-folder ./work-of-this-machine --operations prepare-speech
//
// Then: curl -F file=@talk.mp4 'localhost:8080/jobs?operation=transcribe', and look at /docs and at /board.
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { configFromEnv, createMediaJobs } from '@media-jobs/core';
import { createFfmpeg, prepareSpeechOperation } from '@media-jobs/ffmpeg';
import { mediaJobs, serverOptions } from '@media-jobs/http';
import { createRedisStore } from '@media-jobs/redis-store';
import { createWhisper, transcribe } from '@media-jobs/whisper';
import Fastify from 'fastify';

const environment = configFromEnv(process.env);
const model = process.env['MEDIA_JOBS_MODEL'] ?? './fixtures/twenty-words.en.ggml.bin';
const ffmpeg = createFfmpeg();

// The server never transcribes: it needs to know the model, because that is part of what makes two jobs the same.
await using whisper = await createWhisper({ model });
const queue = createBullmqQueue({ connection: environment.redisUrl, keepEnded: 1_000 });
await using jobs = await createMediaJobs({
  operations: [prepareSpeechOperation({ ffmpeg }), transcribe({ whisper, speech: ffmpeg })],
  store: createRedisStore({ url: environment.redisUrl }),
  queue, // the one line that sends the work elsewhere
  workFolder: environment.workFolder ?? './work',
  environment,
  worker: false,
});

const app = Fastify({ ...serverOptions });
await app.register(mediaJobs, { jobs });

// Tools of the BullMQ ecosystem still work: here a board, which shows pointers. What it removes or retries changes no job.
for (const { name } of jobs.operations) await queue.open(name);
const board = new FastifyAdapter();
board.setBasePath('/board');
createBullBoard({ queues: (await queue.queues()).map((each) => new BullMQAdapter(each)), serverAdapter: board });
await app.register(board.registerPlugin(), { prefix: '/board' });

console.error(`Listening on ${await app.listen({ port: Number(process.argv[2] ?? 8080), host: process.env['HOST'] ?? '127.0.0.1' })}`);
await new Promise((resolve) => ['SIGTERM', 'SIGINT'].forEach((name) => process.once(name, resolve)));
await app.close();
