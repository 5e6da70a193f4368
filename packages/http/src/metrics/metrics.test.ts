import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock, type GpuMemory } from '@media-jobs/cleanup';
import { storeReconnects } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { copy, fail, say } from '../testing/sample-operations.ts';
import { form, leftFolders, openService } from '../testing/open-service.ts';
import { createMetrics, type MediaJobsMetrics, type MetricsOptions } from './metrics.ts';

const place = (name: string): string => fileURLToPath(new URL(`../../monitoring/${name}`, import.meta.url));
const card: GpuMemory = { gpus: [{ uuid: 'GPU-1', index: 0, name: 'A', totalMiB: 100, usedMiB: 60, freeMiB: 40, processes: [] }], reason: null };

const openMeasured = (options: MetricsOptions = {}) => {
  const metrics = createMetrics({ nodeMetrics: false, gpu: () => Promise.resolve(card), ...options });
  return { metrics, open: () => openService({ operations: [say, fail, copy], jobs: { onAttemptEnd: metrics.attemptEnded }, http: { metrics } }) };
};

/** The figures of a text, by name and labels. */
const figures = (text: string): ReadonlyMap<string, number> => new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));

afterAll(() => expect(leftFolders()).toEqual([]));

test('the figures tell what was done: jobs by operation and end, errors, times, cache, files, requests', async () => {
  const { metrics, open } = openMeasured();
  using _counting: Disposable = metrics;
  await using service = await open();
  const wait = async (response: Response): Promise<void> => void (await (await service.get(`/jobs/${((await response.json()) as { id: string }).id}/wait`)).text());
  await wait(await service.post('/jobs?operation=say', { text: 'a' }));
  await wait(await service.post('/jobs?operation=say', { text: 'a' }));
  await wait(await service.post('/jobs?operation=fail', { text: 'a' }));
  await wait(await service.post('/jobs?operation=copy', form('speech')));
  await service.get('/jobs/mj_none');
  const response = await service.get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const told = figures(await response.text());
  expect(Object.fromEntries(told)).toMatchObject({
    'media_jobs_ended_total{operation="say",state="completed"}': 1, 'media_jobs_ended_total{operation="fail",state="failed"}': 1, 'media_jobs_errors_total{operation="fail",code="UNKNOWN"}': 1,
    'media_jobs_attempt_duration_seconds_count{operation="copy"}': 1, 'media_jobs_waiting_seconds_count{operation="copy"}': 1,
    'media_jobs_jobs{state="completed"}': 2, 'media_jobs_jobs{state="failed"}': 1, media_jobs_dead_letters: 1, media_jobs_cache_hits: 1, media_jobs_cache_misses: 3, media_jobs_corrupt_records: 0,
    media_jobs_files: 2, 'media_jobs_operation_jobs{operation="say",place="completed"}': 1, media_jobs_store_up: 1, media_jobs_ignoring_kill: 0,
    'media_jobs_health{check="store"}': 1, 'media_jobs_health{check="workers"}': 1, 'media_jobs_gpu_memory_bytes{gpu="GPU-1",kind="free"}': 40 * 1_048_576,
    'media_jobs_http_requests_total{method="POST",route="/jobs",status="202"}': 3, 'media_jobs_http_requests_total{method="POST",route="/jobs",status="200"}': 1, 'media_jobs_http_requests_total{method="GET",route="/jobs/:id",status="404"}': 1,
  });
  expect(told.get('media_jobs_disk_free_bytes')).toBeGreaterThan(0);
  // A job has ended a moment before its worker has tidied up.
  await expect.poll(async () => figures(await (await service.get('/metrics')).text()).get('media_jobs_running_here')).toBe(0);
});

test('timeouts are told by the step that they came in, and retries are counted', async () => {
  const { metrics } = openMeasured();
  using _counting: Disposable = metrics;
  const end = { jobId: 'a', operation: 'transcribe', phase: 'decode', wallMs: 1, cpuMs: 1, peakRssBytes: 1, waitingMs: null } as const;
  metrics.attemptEnded({ ...end, ended: 'retry', code: 'STALLED' });
  metrics.attemptEnded({ ...end, ended: 'retry', code: 'PROGRAM_CRASHED' });
  const told = figures(await textOf(metrics));
  expect(told.get('media_jobs_timeouts_total{operation="transcribe",step="decode"}')).toBe(1);
  expect(told.get('media_jobs_retries_total{operation="transcribe"}')).toBe(2);
});

test('waits for locks and reconnects of stores are counted wherever in the process they happen, until the end', async () => {
  const { metrics, open } = openMeasured();
  await using service = await open();
  const tell = async (): Promise<ReadonlyMap<string, number>> => figures(await metrics.text(service.jobs));
  const before = (await tell()).get('media_jobs_lock_wait_seconds_count{taken="true"}') ?? 0;
  await withLock(join(service.workFolder, 'a.lock'), {}, () => undefined);
  storeReconnects.publish({ store: 'redis' });
  const told = await tell();
  expect(told.get('media_jobs_lock_wait_seconds_count{taken="true"}')).toBe(before + 1);
  expect(told.get('media_jobs_store_reconnects_total')).toBe(1);
  metrics[Symbol.dispose]();
  storeReconnects.publish({ store: 'redis' });
  expect((await tell()).get('media_jobs_store_reconnects_total')).toBe(1);
});

test('a store that is away is a figure, not a failure; a scrape is answered all the same', async () => {
  const { metrics, open } = openMeasured({ gpu: () => Promise.reject(new Error('no driver')) });
  using _counting: Disposable = metrics;
  await using service = await open();
  await service.jobs.close();
  const response = await service.get('/metrics');
  expect(response.status).toBe(200);
  const told = figures(await response.text());
  expect([told.get('media_jobs_store_up'), told.get('media_jobs_scrape_failures_total')]).toEqual([0, 1]);
});

test('two services in one process do not meet, and one without metrics has no such path', async () => {
  const [one, two] = [openMeasured(), openMeasured()];
  using _first: Disposable = one.metrics;
  using _second: Disposable = two.metrics;
  await using service = await one.open();
  await using other = await two.open();
  await service.get('/jobs');
  expect(await (await other.get('/metrics')).text()).not.toContain('media_jobs_http_requests_total{');
  await using plain = await openService({ operations: [say] });
  expect((await plain.get('/metrics')).status).toBe(404);
});

/** Names of figures in a query of Prometheus. */
const namesIn = (query: string): readonly string[] => [...query.matchAll(/\bmedia_jobs_\w+/g)].map(([name]) => name);
/** A histogram is asked for by its parts. */
const figureOf = (name: string): string => name.replace(/_(?:bucket|sum|count)$/, '');

async function textOf(metrics: MediaJobsMetrics): Promise<string> {
  await using service = await openService({ operations: [say] });
  return metrics.text(service.jobs);
}

test('each figure that the dashboard or an alert names is one that there is, and each alert names one', async () => {
  const { metrics } = openMeasured();
  using _counting: Disposable = metrics;
  const defined = new Set([...(await textOf(metrics)).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]));
  const dashboard = JSON.parse(readFileSync(place('grafana-dashboard.json'), 'utf8')) as { panels: { title: string; targets: { expr: string }[] }[] };
  const rules = parse(readFileSync(place('alert-rules.yml'), 'utf8')) as { groups: { rules: { alert: string; expr: string; annotations: { summary: string; description: string } }[] }[] };
  const alerts = rules.groups.flatMap((group) => group.rules);
  const queries = [...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)), ...alerts.map(({ alert, expr }) => [alert, expr] as const)];
  expect(queries.length).toBeGreaterThan(30);
  for (const [place_, query] of queries) {
    expect(namesIn(query).length, place_).toBeGreaterThan(0);
    for (const name of namesIn(query)) expect(defined, `${place_} names ${name}`).toContain(figureOf(name));
  }
  for (const { annotations } of alerts) expect(annotations.summary.length * annotations.description.length).toBeGreaterThan(0);
});
