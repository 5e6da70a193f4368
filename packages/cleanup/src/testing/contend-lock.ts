// Takes a lock, works for some milliseconds, gives it back, and so on until it is killed. The kernel lets one process at a
// time listen at the name of the witness, and frees it when that process ends: two who hold the lock would meet there.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from '../directory-lock.ts';

const [path = '', witness = '', staleMs = '60000', longestMs = '10'] = process.argv.slice(2);
const say = (what: string): void => void process.stdout.write(`${JSON.stringify({ what, at: Date.now(), pid: process.pid })}\n`);

async function work(): Promise<void> {
  const server = createServer();
  server.listen(`\0${witness}`);
  try {
    await once(server, 'listening');
  } catch {
    return say('two holders');
  }
  say('enter');
  await pause(Math.random() * Number(longestMs));
  await new Promise((resolve) => void server.close(resolve));
  say('leave');
}

say('ready');
for (;;) await withLock(path, { staleMs: Number(staleMs) }, work);
