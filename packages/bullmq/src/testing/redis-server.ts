import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** A redis-server of a test, in a folder and on a port of its own. */
export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Ends it with this signal and waits until it is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts it again on the same port and data. */
  readonly start: () => Promise<void>;
  readonly pid: () => number;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server that keeps nothing, unless `settings` say otherwise. Disposing ends it and removes its folder. */
export async function startRedis(settings: readonly string[] = ['--save', '', '--appendonly', 'no'], given?: number): Promise<TestRedis> {
  const port = given ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'media-jobs-redis-'));
  let server: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] });
    server = child;
    let log = '';
    for await (const chunk of child.stdout) {
      log += String(chunk);
      if (log.includes('Ready to accept connections')) break;
    }
    if (child.exitCode !== null || !log.includes('Ready to accept')) throw new Error(`redis-server did not start: ${log}`);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const child = server;
    server = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  await start();
  return {
    port, url: `redis://127.0.0.1:${port}/0`, stop, start, pid: () => server?.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Clients that the server has. A socket that was closed is gone there a moment later: waits up to a second for so many. */
export async function countClients(admin: Redis, expected: number): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const count = String(await admin.client('LIST')).trim().split('\n').length;
    if (count === expected || tries === 50) return count;
    await sleep(20);
  }
}
