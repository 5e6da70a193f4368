import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';

/** `closed`: calls pass. `open`: they are refused. `half-open`: one call at a time may show whether the other side is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Options of `createBreaker`. */
export interface BreakerOptions {
  /** What is guarded, such as `transcriber`; stands in errors and log lines. */
  readonly name: string;
  /** So many failures in a row open it. Default 5. */
  readonly maxFailures?: number;
  /** How long it stays open before one call is let through. Default 60,000. */
  readonly openMs?: number;
  /** Whether an error speaks against the other side. Default `speaksAgainstService`. */
  readonly isFailure?: (error: MediaJobError) => boolean;
  /** Told of each change of state. */
  readonly onChange?: (from: BreakerState, to: BreakerState) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Keeps callers away from a service or engine that fails, and lets them back when it answers again. Shared by all who call it. */
export interface Breaker {
  readonly name: string;
  readonly state: BreakerState;
  /** Failures in a row, as far as they counted. */
  readonly failures: number;
  /** How long calls are refused from now on; 0 when one would be let through. */
  readonly retryAfterMs: number;
  /** Makes the call and counts how it ended. Throws what it threw, or `CIRCUIT_OPEN` with `retryAfterMs` without making it. */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** Makes the call whatever the state and counts nothing: for health checks, which must see what is there, and must not keep others from it. */
  runUncounted<Result>(call: () => Promise<Result>): Promise<Result>;
}

/** The defaults of `createBreaker`. */
export const breakerDefaults = Object.freeze({ maxFailures: 5, openMs: 60_000 });

/**
 * Whether an error says that the other side is in trouble: it may pass by itself and is of the kind of a 5xx. A caller's mistake
 * (4xx), a wish for patience and an abort say nothing about that.
 */
export function speaksAgainstService(error: MediaJobError): boolean {
  // A breaker further in has not even asked.
  if (error.code === 'CIRCUIT_OPEN' || (error.class !== 'transient' && error.class !== 'infrastructure')) return false;
  return error.httpStatus >= 500 && error.facts['originalType'] !== 'AbortError';
}

/** Creates a closed breaker. Throws `INVALID_OPTION`. */
export function createBreaker(options: BreakerOptions): Breaker {
  return new CallBreaker(options);
}

class CallBreaker implements Breaker {
  readonly name: string;
  readonly #maxFailures: number;
  readonly #openMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #isFailure: (error: MediaJobError) => boolean;
  readonly #onChange: (from: BreakerState, to: BreakerState) => void;
  #state: BreakerState = 'closed';
  #failures = 0;
  /** Raised with each change of state: how a call of an earlier time ends says nothing about now. */
  #era = 0;
  /** When the present state began, or its probe left; by the monotonic clock. */
  #since = 0;
  #isProbing = false;

  constructor({ name, maxFailures = breakerDefaults.maxFailures, openMs = breakerDefaults.openMs, isFailure = speaksAgainstService, onChange = () => undefined, logger = silentLogger, clock = systemClock }: BreakerOptions) {
    if (!Number.isSafeInteger(maxFailures) || maxFailures < 1) throw refusal('maxFailures', 'a whole number of at least 1', maxFailures);
    if (!(openMs > 0)) throw refusal('openMs', 'a number of milliseconds above 0', openMs);
    [this.name, this.#maxFailures, this.#openMs, this.#clock, this.#logger] = [name, maxFailures, openMs, clock, logger];
    [this.#isFailure, this.#onChange] = [isFailure, onChange];
  }

  get state(): BreakerState {
    return this.#state === 'open' && this.#leftMs() === 0 ? 'half-open' : this.#state;
  }

  get failures(): number {
    return this.#failures;
  }

  get retryAfterMs(): number {
    return this.#state === 'open' || this.#isProbing ? this.#leftMs() : 0;
  }

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    const era = this.#enter();
    try {
      const result = await call();
      if (era === this.#era) this.#succeeded();
      return result;
    } catch (thrown) {
      if (era === this.#era) this.#failed(MediaJobError.from(thrown));
      throw thrown;
    }
  }

  runUncounted<Result>(call: () => Promise<Result>): Promise<Result> {
    return call();
  }

  #leftMs(): number {
    return Math.max(0, this.#since + this.#openMs - this.#clock.monotonic());
  }

  /** Lets a call pass, and says in which era. A probe that has not come back within `openMs` is given up: it may never. */
  #enter(): number {
    if (this.retryAfterMs > 0) throw this.#refuse();
    if (this.#state === 'closed') return this.#era;
    this.#become('half-open');
    this.#since = this.#clock.monotonic();
    this.#isProbing = true;
    return this.#era;
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#state === 'half-open') this.#become('closed');
  }

  /** What does not count leaves all as it is, but for the place of the probe, which is free for the next call. */
  #failed(error: MediaJobError): void {
    if (!this.#isFailure(error)) {
      this.#isProbing = false;
      return;
    }
    this.#failures += 1;
    if (this.#state === 'closed' && this.#failures < this.#maxFailures) return;
    this.#since = this.#clock.monotonic();
    this.#become('open', error);
  }

  #become(state: BreakerState, err?: MediaJobError): void {
    const from = this.#state;
    this.#state = state;
    this.#era += 1;
    this.#isProbing = false;
    if (from === state) return;
    const facts = { breaker: this.name, from, to: state, failures: this.#failures, ...(err === undefined ? {} : { err }) };
    if (state === 'open') this.#logger.warn(facts, 'A circuit breaker opens; calls are refused for a while');
    else this.#logger.info(facts, 'A circuit breaker changes its state');
    this.#onChange(from, state);
  }

  #refuse(): MediaJobError {
    const retryAfterMs = this.retryAfterMs;
    return new MediaJobError('CIRCUIT_OPEN', {
      message: `Expected ${this.name} to work, got ${this.#failures} failures in a row; it is left alone for ${Math.ceil(retryAfterMs)} ms.`,
      advice: 'Try again after that time; the log tells why the calls before failed.',
      facts: { breaker: this.name, state: this.state, failures: this.#failures, retryAt: new Date(this.#clock.now() + retryAfterMs).toISOString() },
      retryAfterMs,
    });
  }
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` to be ${expected}, got \`${String(value)}\`.`, advice: 'Correct the options of `createBreaker`.', facts: { option, value: String(value) } });
}
