import type { Clock, Logger } from '@media-jobs/foundation';
import type { AddonAnswer, AddonRequest } from './addon-messages.ts';
import { BoundedWait } from './bounded-wait.ts';
import type { SilenceWatch, Watched } from './silence-watch.ts';

/** An answer that ends an exchange. */
export type FinalAnswer = Extract<AddonAnswer, { type: 'ready' | 'result' }>;
/** An answer on the way to it. */
export type NewsAnswer = Extract<AddonAnswer, { type: 'progress' | 'segments' }>;

/** One request, and how its answer is waited for. */
export interface ExchangeOptions {
  readonly request: AddonRequest;
  /** What is being done, for messages: "while ...". */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
  readonly kill?: AbortSignal | undefined;
  /** Takes the lines that the child writes meanwhile. Default: the one of the link. */
  readonly logger?: Logger | undefined;
  /** Longest time in all. */
  readonly limit?: Watched | undefined;
  /** Longest time without news. */
  readonly stall?: Watched | undefined;
  /** Longest time without any sign that the process runs. */
  readonly silence?: Watched | undefined;
  readonly onNews?: ((news: NewsAnswer) => void) | undefined;
}

/** Waits for one answer. */
export class Exchange implements Disposable {
  readonly options: ExchangeOptions;
  readonly #wait: BoundedWait<FinalAnswer>;
  readonly #stall: SilenceWatch | undefined;
  readonly #silence: SilenceWatch | undefined;

  constructor(options: ExchangeOptions, clock: Clock) {
    this.options = options;
    this.#wait = new BoundedWait(clock);
    this.#wait.watch(options.limit);
    this.#stall = this.#wait.watch(options.stall);
    this.#silence = this.#wait.watch(options.silence);
    this.#wait.listen(options.signal);
    this.#wait.listen(options.kill);
  }

  get answer(): Promise<FinalAnswer> {
    return this.#wait.result;
  }

  /** Whether an answer belongs to the request. */
  fits(answer: FinalAnswer | NewsAnswer): boolean {
    const { request } = this.options;
    if (answer.type === 'ready') return request.type !== 'transcribe';
    return request.type === 'transcribe' && answer.id === request.id;
  }

  /** The process runs. */
  sign(): void {
    this.#silence?.sign();
  }

  /** The engine gets on. */
  news(answer: NewsAnswer): void {
    this.#stall?.sign();
    try {
      this.options.onNews?.(answer);
    } catch (error) {
      // A listener of the caller threw: the run ends with that very error.
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.#wait.fail(error);
  }

  settle(answer: FinalAnswer): void {
    this.#wait.settle(answer);
  }

  [Symbol.dispose](): void {
    this.#wait[Symbol.dispose]();
  }
}
