import type { Clock, Logger, MediaJobError } from '@media-jobs/foundation';
import { startNodeChild, type KillOrder, type NodeChild, type ProgramExit } from '@media-jobs/process';
import { markProcess, type ProcessMark } from '../release/process-mark.ts';
import { deviceEnvironment } from './device-environment.ts';
import { exitError, garbageError, refusalError } from './engine-faults.ts';
import { addonAnswerSchema, type AddonAnswer } from './addon-messages.ts';
import { Exchange, type ExchangeOptions, type FinalAnswer } from './exchange.ts';

/** The child holds nothing that a polite end would save. */
const atOnce: KillOrder = [Infinity, Infinity, 0];

/** From sources the file next to this one, from the build the one beside the bundle. */
const childModule = new URL(import.meta.url.endsWith('.ts') ? './addon-child-process.ts' : './addon-child-process.js', import.meta.url);

/** How much of the child's error output is kept while it runs, in characters. */
const maxLogCharacters = 16_384;

export interface AddonLinkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** `cpu`, or the UUID of the only card that it sees. */
  readonly device?: string | undefined;
  /** Another program to talk to. Default: the one that holds the addon. */
  readonly module?: URL | undefined;
}

/** The parent's end of the channel: one exchange at a time, every message checked, and no exchange outlives a fault. */
export class AddonLink {
  readonly #clock: Clock;
  #child: NodeChild | undefined;
  #mark: ProcessMark | undefined;
  #exchange: Exchange | undefined;
  #usable = true;
  #cpuMs = 0;
  #peakRssBytes = 0;
  #log = '';

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts the child. It has loaded nothing yet. */
  static async start({ clock, logger, device, module = childModule }: AddonLinkOptions): Promise<AddonLink> {
    const link = new AddonLink(clock);
    const child = await startNodeChild({
      module,
      env: deviceEnvironment(device),
      logger,
      onMessage: (message) => link.#receive(message),
      onStderrLine: (line) => {
        link.#log = `${link.#log}${line}\n`.slice(-maxLogCharacters);
        (link.#exchange?.options.logger ?? logger).debug({ pid: child.pid, line }, 'engine');
      },
    });
    link.#child = child;
    link.#mark = markProcess(child.pid);
    void link.#noticeExit(child);
    return link;
  }

  get mark(): ProcessMark {
    if (this.#mark === undefined) throw new TypeError('The child is not started.');
    return this.#mark;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Processor time so far, by the child's own account. */
  get cpuMs(): number {
    return this.#cpuMs;
  }

  /** Null when the child never told. */
  get peakRssBytes(): number | null {
    return this.#peakRssBytes === 0 ? null : this.#peakRssBytes;
  }

  /** Resolves with the answer. On any fault, abort or limit the child is killed, and this rejects after it is gone. */
  async ask(options: ExchangeOptions): Promise<FinalAnswer> {
    using exchange = new Exchange(options, this.#clock);
    this.#exchange = exchange;
    try {
      if (!this.#usable) void this.#noticeExit(this.#running());
      // What cannot be sent was not taken because the child ended, which is noticed by itself.
      else this.#running().send(options.request).catch(() => this.#running().exited);
      return await exchange.answer;
    } catch (error) {
      await this.end();
      throw error;
    } finally {
      this.#exchange = undefined;
    }
  }

  /** Kills the child, if it is there, and resolves when it is gone. */
  async end(): Promise<ProgramExit> {
    this.#usable = false;
    const exit = await this.#running().stop(atOnce);
    this.#account(exit.usage);
    return exit;
  }

  #running(): NodeChild {
    if (this.#child === undefined) throw new TypeError('The child is not started.');
    return this.#child;
  }

  async #noticeExit(child: NodeChild): Promise<void> {
    const exit = await child.exited;
    this.#usable = false;
    this.#account(exit.usage);
    this.#exchange?.fail(exitError(exit, this.#exchange.options.doing));
  }

  #account({ cpuMs, peakRssBytes }: { readonly cpuMs: number; readonly peakRssBytes: number }): void {
    this.#cpuMs = Math.max(this.#cpuMs, cpuMs);
    this.#peakRssBytes = Math.max(this.#peakRssBytes, peakRssBytes);
  }

  #receive(message: unknown): void {
    const parsed = addonAnswerSchema.safeParse(message);
    if (!parsed.success) return this.#fault(garbageError(message));
    this.#exchange?.sign();
    if ('cpuMs' in parsed.data) this.#account(parsed.data);
    if (parsed.data.type !== 'alive') this.#take(parsed.data);
  }

  #take(answer: Exclude<AddonAnswer, { type: 'alive' }>): void {
    const exchange = this.#exchange;
    if (answer.type === 'failed') return this.#fault(refusalError(answer, this.#log));
    if (exchange?.fits(answer) !== true) return this.#fault(garbageError(answer));
    if (answer.type === 'ready' || answer.type === 'result') exchange.settle(answer);
    else exchange.news(answer);
  }

  /** A child that once spoke nonsense is never used again. */
  #fault(error: MediaJobError): void {
    this.#usable = false;
    if (this.#exchange === undefined) void this.end();
    else this.#exchange.fail(error);
  }
}
