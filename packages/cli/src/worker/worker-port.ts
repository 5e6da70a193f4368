import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AnyMediaJobs, HealthCheck } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { WorkerMetrics } from './worker-metrics.ts';

/** The port that tells how a worker does. */
export interface WorkerPort extends AsyncDisposable {
  /** Such as `http://127.0.0.1:9400`. */
  readonly url: string;
}

export interface WorkerPortOptions {
  readonly jobs: AnyMediaJobs;
  readonly metrics: WorkerMetrics;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Aborts when the worker takes no more work: it is then not ready. */
  readonly draining: AbortSignal;
}

/** A check that takes longer is not healthy. */
const checkMs = 5_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const json = (status: number, value: unknown): Answer => ({ status, type: 'application/json', body: `${JSON.stringify(value)}\n` });

/** Listens. Throws `INVALID_OPTION` when the address cannot be had. */
export async function openWorkerPort(options: WorkerPortOptions): Promise<WorkerPort> {
  const { host, port } = options;
  const server = createServer((request, response) => void respond(options, request, response));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new MediaJobError('INVALID_OPTION', { message: `Expected to listen on ${host}:${port}, got ${(error as Error).message}.`, advice: 'Give another `--port` or `--host`.', cause: error });
  }
  const address = server.address() as AddressInfo;
  return { url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`, [Symbol.asyncDispose]: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, 'close');
}

async function respond(options: WorkerPortOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body } = await answer(options, request).catch((error: unknown) => json(503, { error: MediaJobError.from(error).code }));
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(request.method === 'HEAD' ? '' : body);
}

async function answer({ jobs, metrics, draining }: WorkerPortOptions, { method, url = '' }: IncomingMessage): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'BAD_REQUEST' });
  switch (new URL(url, 'http://worker').pathname) {
    case '/health/live':
      return json(200, { status: 'ok' });
    case '/health/ready':
      return readiness(jobs, draining);
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text(jobs) };
    default:
      return json(404, { error: 'ROUTE_NOT_FOUND' });
  }
}

async function readiness(jobs: AnyMediaJobs, draining: AbortSignal): Promise<Answer> {
  if (draining.aborted) return json(503, { status: 'draining', checks: [] });
  const checks = await Promise.all(jobs.healthChecks.map(tried));
  const ok = checks.every((check) => check.ok);
  return json(ok ? 200 : 503, { status: ok ? 'ok' : 'failing', checks });
}

async function tried(check: HealthCheck): Promise<{ readonly name: string; readonly ok: boolean; readonly detail: string }> {
  const cut = AbortSignal.timeout(checkMs);
  const late = new Promise<never>((_resolve, reject) => cut.addEventListener('abort', () => reject(new Error(`no answer within ${checkMs} ms`)), { once: true }));
  try {
    const { ok, detail } = await Promise.race([check.check(cut), late]);
    return { name: check.name, ok, detail };
  } catch (error) {
    return { name: check.name, ok: false, detail: MediaJobError.from(error).message };
  }
}
