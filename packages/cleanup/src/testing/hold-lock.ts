// Takes a lock, says so, and works until its signal aborts; then it says why, and whether it could still do what cannot be undone.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { withLock } from '@media-jobs/cleanup';

const [path = '', staleMs = ''] = process.argv.slice(2);
const say = (facts: unknown): void => void process.stdout.write(`${JSON.stringify(facts)}\n`);
// The beats of the lock keep no process alive.
const alive = setInterval(() => undefined, 1_000);
const codeOf = (error: unknown): string => MediaJobError.from(error).code;

const end = await withLock(path, { staleMs: Number(staleMs) }, async ({ signal, requireHeld }) => {
  say('held');
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), pause(60_000)]);
  say({ aborted: codeOf(signal.reason), held: await requireHeld().then(() => 'held', codeOf) });
}).then(() => 'done', codeOf);
say({ end });
clearInterval(alive);
