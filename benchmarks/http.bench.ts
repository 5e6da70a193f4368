/**
 * What the service costs over what it is made of: the status of a job against a bare Fastify route with one GET of Redis, and an upload against
 * a bare route that streams to a file and hashes. `node --conditions=@media-jobs/source benchmarks/http.bench.ts [rounds] [seconds] [MiB]`;
 * needs redis-server.
 */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMediaJobs, defineOperation, inputFile } from '@media-jobs/core';
import { mediaJobs, serverOptions } from '@media-jobs/http';
import { createRedisStore } from '@media-jobs/redis-store';
import autocannon from 'autocannon';
import Fastify, { type FastifyInstance } from 'fastify';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { startRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { alternate, median, report, table } from './report.ts';

const rounds = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 10);
const mib = Number(process.argv[4] ?? 512);
const bytesPerMib = 1_048_576;

const folder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
const redis = await startRedis();
const client = new Redis(redis.url);

const keep = defineOperation({ name: 'keep', version: 1, input: z.strictObject({ file: inputFile().optional(), text: z.string().optional() }), output: z.string(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, maxWaiting: 100_000 }, run: () => Promise.resolve('kept') });
const jobs = await createMediaJobs({ operations: [keep], store: createRedisStore({ url: redis.url }), workFolder: join(folder, 'work'), maxInputBytes: 16 * 1024 ** 3 });

const service = Fastify({ ...serverOptions });
await service.register(mediaJobs, { jobs, rateLimit: false, docs: false });
const bare = Fastify();
bare.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null));
bare.get('/jobs/:id', async (asked) => JSON.parse((await client.get((asked.params as { id: string }).id)) ?? 'null') as unknown);
bare.post('/jobs', async ({ raw }) => {
  const hash = createHash('sha256');
  await pipeline(raw, (chunks) => hashed(chunks, hash), createWriteStream(join(folder, 'bare')));
  return { sha256: hash.digest('hex') };
});

async function* hashed(chunks: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
}

const urls = { service: await listen(service), bare: await listen(bare) };

function listen(app: FastifyInstance): Promise<string> {
  return app.listen({ port: 0, host: '127.0.0.1' });
}

/** One job that has ended, and the same bytes under its id for the bare route. */
async function prepareStatus(): Promise<string> {
  const job = await jobs.submit('keep', { text: 'status' });
  await job.wait();
  await client.set(job.id, await (await fetch(`${urls.service}/jobs/${job.id}`)).text());
  return job.id;
}

/** Answers a second, and the share of them that were no 200. */
async function statusPerSecond(url: string): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({ url, connections: 32, duration: seconds });
  if (non2xx + errors > 0) throw new Error(`Expected answers of 200, got ${non2xx} others and ${errors} errors from ${url}.`);
  return requests.average;
}

const border = 'media-jobs-border';
const head = `--${border}\r\ncontent-disposition: form-data; name="file"; filename="film.mkv"\r\ncontent-type: application/octet-stream\r\n\r\n`;
const tail = `\r\n--${border}--\r\n`;
let uploads = 0;

/** MiB a second. Each upload has content of its own, so that none is answered from the cache. */
async function uploadRate(url: string, asForm: boolean): Promise<number> {
  const size = mib * bytesPerMib;
  const length = asForm ? head.length + size + tail.length : size;
  const sending = request(`${url}/jobs`, { method: 'POST', headers: { 'content-type': asForm ? `multipart/form-data; boundary=${border}` : 'application/octet-stream', 'content-length': length } });
  const answered = new Promise<number>((resolve, reject) => sending.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0))).on('error', reject));
  const chunk = Buffer.alloc(256 * 1024, 1);
  chunk.writeUInt32LE((uploads += 1), 0);
  const began = performance.now();
  if (asForm) sending.write(head);
  for (let sent = 0; sent < size; sent += chunk.length) if (!sending.write(chunk)) await new Promise((resolve) => void sending.once('drain', resolve));
  sending.end(asForm ? tail : undefined);
  const status = await answered;
  if (status > 299) throw new Error(`Expected an upload to be taken, got ${status}.`);
  return mib / ((performance.now() - began) / 1_000);
}

const id = await prepareStatus();
const status = await alternate(rounds, { service: () => statusPerSecond(`${urls.service}/jobs/${id}`), bare: () => statusPerSecond(`${urls.bare}/jobs/${id}`) });
const upload = await alternate(rounds, { service: () => uploadRate(urls.service, true), bare: () => uploadRate(urls.bare, false) });
const row = (what: string, unit: string, goal: string, figures: Readonly<Record<'service' | 'bare', readonly number[]>>): readonly string[] => {
  const [ours, theirs] = [median(figures.service), median(figures.bare)];
  return [what, `${ours.toFixed(0)} ${unit}`, `${theirs.toFixed(0)} ${unit}`, (ours / theirs).toFixed(2), goal];
};
await report('http', 'HTTP service', `${table([
  ['', '`@media-jobs/http`', 'bare', 'ratio', 'goal'],
  row('status of a job, 32 connections', 'requests/s', '≥ 0.7', status),
  row(`upload of ${mib} MiB as a form`, 'MiB/s', '≥ 0.9', upload),
])}

Bare: a Fastify route with one GET of Redis that answers the same bytes; a Fastify route that streams the body to a file and hashes it with
sha256, with no form, no job and no look at the disk. Client and servers share the machine. Medians of ${rounds} rounds.`);

await Promise.all([service.close(), bare.close()]);
await jobs.close();
client.disconnect();
await redis[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });
