import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, type MediaJobs } from '@media-jobs/core';
import { scriptedOperation } from '@media-jobs/core/testing';
import { createRedisStore } from '@media-jobs/redis-store';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { BullMQOtel } from 'bullmq-otel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let server: TestRedis;
let workFolder: string;

beforeAll(async () => {
  provider.register();
  server = await startRedis();
  workFolder = mkdtempSync(join(tmpdir(), 'media-jobs-telemetry-'));
});

afterAll(async () => {
  await provider.shutdown();
  for (const api of [trace, context, propagation]) api.disable();
  await server[Symbol.asyncDispose]();
  rmSync(workFolder, { recursive: true });
});

const quick = scriptedOperation({ name: 'quick', script: [[{ do: 'succeed', output: 'done' }]] });

/** Handles of their own, as two processes have: what joins their spans comes through Redis. */
function open(worker: boolean): Promise<MediaJobs<readonly [typeof quick]>> {
  const queue = createBullmqQueue({ connection: server.url, telemetry: new BullMQOtel({ tracerName: 'media-jobs' }) });
  return createMediaJobs({ operations: [quick], store: createRedisStore({ url: server.url }), queue, workFolder, worker });
}

function one(kind: SpanKind, of: (span: ReadableSpan) => boolean = () => true): ReadableSpan | undefined {
  return exporter.getFinishedSpans().find((span) => span.kind === kind && of(span));
}

test('the span of a submit, that of its dispatch and that of the worker are of one trace, each the parent of the next', async () => {
  await using _worker = await open(true);
  await using jobs = await open(false);
  const tracer = trace.getTracer('a-service');
  const request = tracer.startSpan('POST /jobs', { kind: SpanKind.SERVER });
  const job = await context.with(trace.setSpan(context.active(), request), () => jobs.submit('quick', {}));
  request.end();
  expect(await job.result()).toBe('done');
  await expect.poll(() => one(SpanKind.CONSUMER)?.ended).toBe(true);
  const [submitted, dispatched, worked] = [one(SpanKind.SERVER), one(SpanKind.PRODUCER), one(SpanKind.CONSUMER, ({ parentSpanContext }) => parentSpanContext !== undefined)];
  const { traceId, spanId } = request.spanContext();
  expect([submitted, dispatched, worked].map((span) => span?.spanContext().traceId)).toEqual([traceId, traceId, traceId]);
  expect(dispatched?.parentSpanContext?.spanId).toBe(spanId);
  expect(worked?.parentSpanContext?.spanId).toBe(dispatched?.spanContext().spanId);
  expect(worked?.name).toBe('process quick');
});
