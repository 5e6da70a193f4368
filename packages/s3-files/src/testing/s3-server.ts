import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A server that speaks the protocol of S3, in a process of its own. */
export interface TestS3Server extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts `fauxqs`, an emulator from npm: objects, ranges, uploads in parts and their end, listings in pages. It does not list unfinished uploads;
 * `startS3Front` adds that. Its objects lie in a folder, which is gone with it.
 */
export async function startS3Server(): Promise<TestS3Server> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'media-jobs-s3-'));
  const program = fileURLToPath(new URL('cli.js', import.meta.resolve('fauxqs')));
  const child = spawn(process.execPath, [program], { env: { PATH: process.env['PATH'], FAUXQS_PORT: String(port), FAUXQS_S3_STORAGE_DIR: folder, FAUXQS_LOGGER: 'false' }, stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = once(child, 'exit');
  await untilAnswers(port);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswers(port: number): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await fetch(`http://127.0.0.1:${port}/health`);
      return;
    } catch (error) {
      if (tries === 600) throw error;
      await new Promise((resolve) => void setTimeout(resolve, 25));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
