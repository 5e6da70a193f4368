import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect } from 'vitest';

/** What a service says to one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server that says what a test wants. */
export interface ScriptedService {
  readonly url: string;
  /** `METHOD path last-event-id` of each request. */
  readonly asked: readonly string[];
  readonly headers: readonly IncomingMessage['headers'][];
  /** No more connections, and none of those that are open. */
  end(): Promise<void>;
}

export const jobId = `mj_${'a'.repeat(26)}`;

/** A job as services tell it. */
export function view(status: string, more: object = {}): object {
  return { id: jobId, operation: 'count', status, progress: status === 'completed' ? 1 : 0.5, phase: status, generation: 1, error: null, files: [], ...more };
}

export const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => (_request, response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

export const problem = (status: number, code: string, more: object = {}, headers: Readonly<Record<string, string>> = {}): Answer =>
  json({ type: `urn:media-jobs:error:${code}`, status, code, detail: `Told ${code}.`, ...more }, status, { 'content-type': 'application/problem+json', 'x-correlation-id': 'there', ...headers });

/** A stream of these events. `then` says what becomes of the connection. */
export function events(told: readonly (readonly [event: string, data: unknown, id?: string | undefined])[], then: 'end' | 'cut' | 'stay' = 'end'): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const [event, data, id] of told) response.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    response.flushHeaders();
    if (then === 'end') response.end();
    if (then === 'cut') setTimeout(() => response.destroy(), 20);
  };
}

const servers: Server[] = [];

/** Starts one; each path has answers of its own, of which the last repeats. Gone at the end of the suite. */
export async function startService(paths: Readonly<Record<string, readonly Answer[]>>): Promise<ScriptedService> {
  const asked: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    asked.push(`${request.method} ${request.url} ${String(request.headers['last-event-id'] ?? '')}`.trim());
    headers.push(request.headers);
    const answers = paths[path] ?? [json({}, 404)];
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    // The body is read to its end first, as a service does.
    request.resume().once('end', () => answers[Math.min(count, answers.length - 1)]?.(request, response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const end = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, headers, end };
}

/** Ends all when the suite ends. */
export function endServicesAfterAll(): void {
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    }
    expect(servers.filter(({ listening }) => listening)).toEqual([]);
  });
}
