import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createServiceClient } from '@media-jobs/client';
import { createMediaJobs, createMemoryStore, type AnyMediaJobs } from '@media-jobs/core';
import { createDownloader } from '@media-jobs/download';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { createRedisStore } from '@media-jobs/redis-store';
import { createWhisper } from '@media-jobs/whisper';
import { DisposalStack } from '@media-jobs/foundation';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalizeOperation } from '../../examples/audio-normalization/normalize-operation.ts';
import { endServersAfterAll, serveFile, startServer } from '../../packages/download/src/testing/media-server.ts';
import { leftFolders, openService } from '../../packages/http/src/testing/open-service.ts';
import { startRedis, type TestRedis } from '../../packages/redis-store/src/testing/redis-server.ts';
import { processesOf, untilEmpty } from '../command/leftovers.ts';
import { operationCases, talk, type OperationCase } from './operation-cases.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const makers = [
  'convertOperation', 'extractAudioOperation', 'denoiseOperation', 'highpassOperation', 'resampleOperation', 'toMonoOperation', 'normalizeLoudnessOperation', 'prepareSpeechOperation', 'waveformOperation',
  'spectrogramOperation', 'splitOperation', 'validateOperation', 'downloadOperation', 'transcribe', 'remoteOperation', 'guardOperation', 'definePipeline',
] as const;

/** How work gets to whoever does it. Each has one handle that submits and, where they are apart, one that works. */
const queues = ['in this process', 'by BullMQ'] as const;

endServersAfterAll();
const opened = new DisposalStack();
let folder: string;
let server: TestRedis;
let cases: readonly OperationCase[];
let jobs: Readonly<Record<(typeof queues)[number], AnyMediaJobs>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'media-jobs-operations-'));
  server = opened.use(await startRedis());
  const ffmpeg = createFfmpeg();
  const whisper = opened.use(await createWhisper({ model: join(root, 'fixtures/twenty-words.en.ggml.bin'), keepAliveMs: 60_000 }));
  const service = opened.use(await openService({ operations: [normalizeOperation({ ffmpeg })] }));
  const media = await startServer([serveFile(readFileSync(talk))]);
  cases = operationCases({ ffmpeg, whisper, downloader: createDownloader({ allowedNetworks: ['127.0.0.1/32'], ytDlp: false }), url: media.url(), service: createServiceClient({ name: 'normalizer', url: service.url }) });
  const operations = cases.map(({ operation }) => operation);
  const far = (worker: boolean): Promise<AnyMediaJobs> => createMediaJobs({ operations, store: createRedisStore({ url: server.url }), queue: createBullmqQueue({ connection: server.url }), workFolder: join(folder, 'far'), worker });
  opened.use(await far(true));
  jobs = {
    'in this process': opened.use(await createMediaJobs({ operations, store: createMemoryStore(), workFolder: join(folder, 'near') })),
    'by BullMQ': opened.use(await far(false)),
  };
}, 60_000);

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
  expect(await untilEmpty(() => processesOf(process.pid)), 'No program is left').toEqual([]);
  expect(leftFolders()).toEqual([]);
  expect(globSync(`${folder}/*/{temp,ledger,locks}/**`).filter((path) => !/\/(?:temp|ledger|locks)$/.test(path))).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** What each operation came to, by the first queue that it was seen on. */
const seen = new Map<string, unknown>();

describe.each(queues)('handed over %s', (queue) => {
  test.each(makers)('the operation of %s gives what it gives on every other queue', { timeout: 60_000 }, async (maker) => {
    const one = cases.find((each) => each.maker === maker);
    if (one === undefined) throw new Error(`no case for ${maker}`);
    const job = await jobs[queue].submit(one.operation.name, one.input);
    const result = await job.result();
    const record = await job.record();
    expect(result).toMatchObject(one.output as object);
    expect(record).toMatchObject({ state: 'completed', attempts: 1, losses: 0, progress: 1 });
    expect(Object.keys(await job.files()).toSorted()).toEqual(one.files);
    const came = { id: job.id, digest: record.digest, output: lasting(result), files: record.artifacts.map(({ name, bytes, sha256, mediaType }) => ({ name, mediaType, ...(name.endsWith('.json') ? {} : { bytes, sha256 }) })) };
    if (seen.has(maker)) expect(came).toEqual(seen.get(maker));
    else seen.set(maker, came);
  });
});

test('no operation of any package is missing here', () => {
  const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((path) => !/testing\/|\.test/.test(path));
  const found = sources.flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/^export function (\w+)\b.*\): (?:Operation|PipelineBuilder)</gm)].map(([, name]) => name));
  expect(new Set(found)).toEqual(new Set(makers));
});

test('nothing of them is left in line', async () => {
  for (const queue of queues) expect((await jobs[queue].stats()).byState).toMatchObject({ queued: 0, running: 0, retrying: 0, failed: 0 });
});

/** Without what each run has of its own: times and processes. */
function lasting(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'timings' || key === 'release' ? undefined : member))) as unknown;
}
