import { fileURLToPath } from 'node:url';
import { startNodeChild, type NodeChild } from '@media-jobs/process';
import type { FleetPlace } from './open-fleet.ts';
import { redisAwayExit } from './worker-exit.ts';

/** Compiled sources, kept between workers and runs: they start several times as fast. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

/** Worker processes, each replaced when it is gone, as an orchestrator of containers does. */
export class Crew implements AsyncDisposable {
  readonly #place: FleetPlace;
  readonly #living = new Set<NodeChild>();
  readonly #frozen = new Set<number>();
  readonly #posts: readonly Promise<void>[];
  #dismissed = false;
  /** Processes that were ever started. */
  started = 0;

  constructor(place: FleetPlace, width: number) {
    this.#place = place;
    this.#posts = Array.from({ length: width }, () => this.#man());
    // Told when the crew is dismissed.
    for (const post of this.#posts) post.catch(() => undefined);
  }

  /** Sends a signal to one of those that run now; the number picks. */
  signal(number: number, signal: NodeJS.Signals): void {
    const awake = [...this.#living].filter(({ pid }) => !this.#frozen.has(pid));
    const child = awake[number % Math.max(1, awake.length)];
    if (child === undefined) return;
    if (signal === 'SIGSTOP') this.#frozen.add(child.pid);
    send(child.pid, signal);
  }

  /** Lets all go on that were frozen. */
  thaw(): void {
    for (const pid of this.#frozen) send(pid, 'SIGCONT');
    this.#frozen.clear();
  }

  /** No more replacements: all close in order. Rejects when a worker had ended badly. */
  async dismiss(): Promise<void> {
    this.#dismissed = true;
    this.thaw();
    await Promise.all([...this.#living].map(dismissOne));
    await Promise.all(this.#posts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dismissed = true;
    this.thaw();
    await Promise.all([...this.#living].map((child) => child.stop()));
    await Promise.allSettled(this.#posts);
  }

  async #man(): Promise<void> {
    while (!this.#dismissed) {
      const child = await startNodeChild({ module: new URL('./worker/main.ts', import.meta.url), args: [JSON.stringify(this.#place)], env: { NODE_COMPILE_CACHE: compileCache }, onMessage: () => undefined });
      this.started += 1;
      this.#living.add(child);
      if (this.#dismissed) await dismissOne(child);
      const { exitCode, stderrTail } = await child.exited;
      this.#living.delete(child);
      this.#frozen.delete(child.pid);
      if (exitCode !== null && exitCode !== 0 && exitCode !== redisAwayExit) throw new Error(`Expected a worker to go on, got its end with ${exitCode}: ${stderrTail}`);
    }
  }
}

/** A poison job may have ended it a moment ago. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** One that has just been killed needs no message. */
async function dismissOne(child: NodeChild): Promise<void> {
  await child.send('close').catch(() => undefined);
}
