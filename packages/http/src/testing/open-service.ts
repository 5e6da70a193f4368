import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore, type AnyMediaJobs, type MediaJobsOptions, type Operation } from '@media-jobs/core';
import { collectLogs, type LogCollector } from '@media-jobs/core/testing';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import Fastify, { type FastifyInstance } from 'fastify';
import { mediaJobs } from '../media-jobs-plugin.ts';
import { serverOptions } from '../server-options.ts';
import type { MediaJobsHttpOptions } from '../options.ts';
import { watchAnswers } from './watch-answers.ts';

/** A service on a free port of this machine, with a work folder of its own. */
export interface OpenService extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly app: FastifyInstance;
  readonly jobs: AnyMediaJobs;
  readonly logs: LogCollector;
  readonly workFolder: string;
  /** Paths below the work folder's `jobs` and uploads below its `temp`. */
  readonly files: () => readonly string[];
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
  readonly post: (path: string, body?: Body | object, init?: RequestInit) => Promise<Response>;
}

export interface OpenServiceOptions {
  readonly operations: readonly Operation[];
  readonly jobs?: Partial<MediaJobsOptions>;
  readonly http?: Partial<MediaJobsHttpOptions>;
  /** Default: a memory store. */
  readonly sqlite?: boolean;
  readonly prefix?: string;
}

type Body = NonNullable<RequestInit['body']>;

const opened: string[] = [];

/** Opens one, and holds each of its answers against its document. Limits of rate and load are off unless they are asked for. */
export async function openService({ operations, jobs: jobOptions, http, sqlite = false, prefix = '' }: OpenServiceOptions): Promise<OpenService> {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-http-'));
  opened.push(workFolder);
  const logs = collectLogs();
  const store = sqlite ? createSqliteStore({ file: join(workFolder, 'jobs.db') }) : createMemoryStore();
  const jobs = await createMediaJobs({ operations, store, workFolder, logger: logs, pollIntervalMs: 50, diskReserveBytes: 0, ...jobOptions });
  const app = Fastify({ ...serverOptions });
  const mismatches = watchAnswers(app);
  await app.register(mediaJobs, { jobs, rateLimit: false, loadLimits: false, docs: false, ...http, prefix });
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}${prefix}`;
  return {
    url, port: Number(new URL(url).port), app, jobs, logs, workFolder,
    files: () => [...namesIn(join(workFolder, 'jobs')), ...namesIn(join(workFolder, 'temp')).filter((name) => name.startsWith('received'))],
    get: (path, init) => fetch(`${url}${path}`, init),
    post: (path, body, init) => fetch(`${url}${path}`, { method: 'POST', ...withBody(body, init) }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await jobs.close({ deadlineMs: 0 });
      await rm(workFolder, { recursive: true, force: true });
      if (mismatches.length > 0) throw new Error(`Expected answers as the document tells them, got others:\n${mismatches.join('\n')}`);
    },
  };
}

/** Work folders that are still there; a suite checks at its end that there is none. */
export function leftFolders(): readonly string[] {
  return opened.filter((path) => existsSync(path));
}

/** A form with one file and fields. */
export function form(file: Uint8Array | Blob | string, fields: Readonly<Record<string, string>> = {}, name = 'talk.wav', field = 'file'): FormData {
  const data = new FormData();
  for (const [key, value] of Object.entries(fields)) data.set(key, value);
  data.set(field, file instanceof Blob ? file : new Blob([file]), name);
  return data;
}

function withBody(body: Body | object | undefined, init: RequestInit = {}): RequestInit {
  if (body === undefined || isBody(body)) return body === undefined ? init : { ...init, body };
  const headers = new Headers(init.headers);
  headers.set('content-type', 'application/json');
  return { ...init, headers, body: JSON.stringify(body) };
}

function isBody(body: unknown): body is Body {
  return typeof body === 'string' || body instanceof FormData || body instanceof Uint8Array || body instanceof ReadableStream;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
}
