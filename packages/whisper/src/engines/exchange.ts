import type { Clock, Logger } from '@media-jobs/foundation';
import { abortErrorOf } from '../pool/abort.ts';
import type { AddonAnswer, AddonRequest } from './addon-messages.ts';
import { watchSilence, type SilenceWatch, type Watched } from './silence-watch.ts';

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

/** Waits for one answer until it comes, fails, is aborted, or a limit passes. The first of these stands. */
export class Exchange implements Disposable {
  readonly options: ExchangeOptions;
  readonly answer: Promise<FinalAnswer>;
  readonly fail: (error: unknown) => void;
  readonly #resolve: (answer: FinalAnswer) => void;
  readonly #stall: SilenceWatch | undefined;
  readonly #silence: SilenceWatch | undefined;
  readonly #ends: (() => void)[] = [];

  constructor(options: ExchangeOptions, clock: Clock) {
    const { promise, resolve, reject } = Promise.withResolvers<FinalAnswer>();
    this.options = options;
    this.answer = promise;
    this.fail = reject;
    this.#resolve = resolve;
    this.#watch(options.limit, clock);
    this.#stall = this.#watch(options.stall, clock);
    this.#silence = this.#watch(options.silence, clock);
    this.#listen(options.signal);
    this.#listen(options.kill);
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

  settle(answer: FinalAnswer): void {
    this.#resolve(answer);
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
  }

  #watch(watched: Watched | undefined, clock: Clock): SilenceWatch | undefined {
    if (watched === undefined) return undefined;
    const watch = watchSilence(watched, clock, this.fail);
    this.#ends.push(() => watch[Symbol.dispose]());
    return watch;
  }

  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const listener = (): void => this.fail(abortErrorOf(signal));
    if (signal.aborted) return listener();
    signal.addEventListener('abort', listener, { once: true });
    this.#ends.push(() => signal.removeEventListener('abort', listener));
  }
}
