import { fileURLToPath } from 'node:url';
import { killAtOnce, startNodeChild, type NodeChild } from '@media-jobs/process';
import { nowUs, type WorkerCommand, type WorkerEvent, type WorkerOrders } from './messages.ts';

/** Compiled sources, kept between workers and runs: they start several times as fast. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

/** Nobody waits longer than this for an event: by then it does not come. */
const patienceMs = 60_000;

/** A worker process, seen from the test. Disposal kills it. */
export interface ChaosWorker extends AsyncDisposable {
  readonly pid: number;
  /** All that it told, in order. Events of a killed worker are complete up to its last. */
  readonly events: readonly WorkerEvent[];
  /** When it was killed, or frozen last, and when it was let go on, by `nowUs`; null for one that was never halted. */
  readonly halted: { readonly fromUs: number; readonly untilUs: number } | null;
  send(command: WorkerCommand): Promise<void>;
  /** The first event, told already or yet to come, that fits. Rejects when it ends without. */
  until<Kind extends WorkerEvent['event']>(kind: Kind, fits?: (event: Extract<WorkerEvent, { readonly event: Kind }>) => boolean): Promise<Extract<WorkerEvent, { readonly event: Kind }>>;
  has(kind: WorkerEvent['event']): boolean;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Has it close its media jobs, and resolves when it has ended by itself. Rejects when it ended badly. */
  close(): Promise<void>;
}

/** Starts a worker from the sources; resolves when it is open. */
export async function startChaosWorker(orders: WorkerOrders): Promise<ChaosWorker> {
  const events: WorkerEvent[] = [];
  const listeners = new Set<() => void>();
  const child = await startNodeChild({
    module: new URL('./worker/main.ts', import.meta.url),
    args: [JSON.stringify(orders)],
    env: { NODE_COMPILE_CACHE: compileCache },
    onMessage: (message) => {
      events.push(message as WorkerEvent);
      for (const listener of listeners) listener();
    },
  });
  const worker = new ProcessWorker(child, events, listeners);
  // One that is halted while it opens, because it finds work at once, is as good as open.
  await Promise.race([worker.until('open'), worker.until('reached')]);
  return worker;
}

class ProcessWorker implements ChaosWorker {
  readonly #child: NodeChild;
  readonly #listeners: Set<() => void>;
  readonly events: readonly WorkerEvent[];
  halted: ChaosWorker['halted'] = null;

  constructor(child: NodeChild, events: readonly WorkerEvent[], listeners: Set<() => void>) {
    this.#child = child;
    this.#listeners = listeners;
    this.events = events;
  }

  get pid(): number {
    return this.#child.pid;
  }

  send(command: WorkerCommand): Promise<void> {
    return this.#child.send(command);
  }

  until<Kind extends WorkerEvent['event']>(kind: Kind, fits: (event: Extract<WorkerEvent, { readonly event: Kind }>) => boolean = () => true): Promise<Extract<WorkerEvent, { readonly event: Kind }>> {
    type Found = Extract<WorkerEvent, { readonly event: Kind }>;
    const found = (): Found | undefined => this.events.find((event): event is Found => event.event === kind && fits(event as Found));
    const awaited = new Promise<Found>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const refuse = (why: string): void => end(() => reject(new Error(`Expected \`${kind}\` of worker ${this.pid}, got ${why}:\n${this.events.map((event) => JSON.stringify(event)).join('\n')}`)));
      const look = (): void => {
        const event = found();
        if (event !== undefined) end(() => resolve(event));
      };
      const timer = setTimeout(() => refuse(`nothing in ${patienceMs} ms`), patienceMs);
      this.#listeners.add(look);
      look();
      void this.#child.exited.then(({ exitCode, signal, stderrTail }) => refuse(`its end (${exitCode ?? signal}) ${stderrTail}`));
    });
    // Whoever waits for one of two events leaves the other alone.
    awaited.catch(() => undefined);
    return awaited;
  }

  has(kind: WorkerEvent['event']): boolean {
    return this.events.some(({ event }) => event === kind);
  }

  async kill(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    this.halted = { fromUs: nowUs(), untilUs: Infinity };
    await this.#child.exited;
  }

  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
    this.halted = { fromUs: nowUs(), untilUs: Infinity };
  }

  thaw(): void {
    if (this.halted !== null) this.halted = { ...this.halted, untilUs: nowUs() };
    process.kill(this.pid, 'SIGCONT');
  }

  async close(): Promise<void> {
    await this.send({ do: 'close' });
    const { exitCode, signal, stderrTail } = await this.#child.exited;
    if (exitCode !== 0 || !this.has('closed')) throw new Error(`Expected worker ${this.pid} to close, got ${exitCode ?? signal}: ${stderrTail}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop(killAtOnce);
  }
}
