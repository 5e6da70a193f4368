import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A service in a process of its own, that takes uploads and runs nothing. */
export interface StartedService extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly workFolder: string;
  /** Sends SIGKILL and waits for the end. */
  readonly kill: () => Promise<void>;
}

/** Starts one. */
export async function startService(): Promise<StartedService> {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-http-started-'));
  const program = fileURLToPath(new URL('./serve-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', program, workFolder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  return {
    url: `http://127.0.0.1:${Number(text)}`, port: Number(text), pid: child.pid ?? 0, workFolder, kill,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(workFolder, { recursive: true, force: true });
    },
  };
}
