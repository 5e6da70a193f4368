import type { Engine, EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt } from '@media-jobs/core';
import { MediaJobError, type Clock, type Logger, type Timer } from '@media-jobs/foundation';
import { joinSignals } from './abort.ts';
import { Turns } from './turns.ts';

export interface EngineLaneOptions {
  readonly engine: Engine;
  /** What every session is opened with. */
  readonly open: Pick<EngineOpenOptions, 'modelFile' | 'threads'>;
  /** From the end of a run to the end of its engine; 0 ends it at once, Infinity never. */
  readonly keepAliveMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A request for a lane: a run, and what the loading before it depends on. */
export interface LaneRequest extends EngineRequest {
  readonly loadTimeoutMs: number;
  /** Differs when the model's file does: an engine that holds the former one is released. */
  readonly modelStamp: string;
  /** Another run of the same work follows: the engine is kept for it, also where `keepAliveMs` is 0. Whoever says so ends with `unload` or with a run that does not. */
  readonly more?: boolean;
}

/** What came of a run, and what became of the engine after it. */
export interface LaneRun {
  readonly result: EngineResult;
  readonly release: ReleaseReceipt | null;
  readonly waitMs: number;
  readonly loadMs: number;
  readonly transcribeMs: number;
  readonly releaseMs: number;
}

/**
 * One engine that serves one request at a time, in the order of asking. It is opened when it is needed and released
 * after a run, after a time without any, after every fault, and at disposal.
 */
export class EngineLane implements AsyncDisposable {
  readonly #options: EngineLaneOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #session: EngineSession | undefined;
  #modelStamp: string | undefined;
  #idle: Timer | undefined;
  #disposal: Promise<void> | undefined;

  constructor(options: EngineLaneOptions) {
    this.#options = options;
  }

  /** Whether an engine is there, at work or not. */
  get loaded(): boolean {
    return this.#session !== undefined;
  }

  /** Rejects with the error of the engine after the engine is gone, and with `CLOSED` when the lane is disposed of meanwhile. */
  async run(request: LaneRequest): Promise<LaneRun> {
    const asked = this.#options.clock.monotonic();
    using controls = joinSignals(request.signal, request.kill, this.#closing.signal);
    using _turn = await this.#turns.take(controls.signal);
    this.#stopIdling();
    const controlled = { ...request, signal: controls.signal };
    try {
      return await this.#serve(controlled, asked);
    } catch (error) {
      await this.#releaseQuietly(request.logger);
      throw error;
    }
  }

  /** Ends the engine after the runs that were asked for before. Null when none is loaded. */
  async unload(): Promise<ReleaseReceipt | null> {
    using _turn = await this.#turns.take();
    return this.#release();
  }

  /** Aborts the run and those in line with `CLOSED`, and resolves when the engine is gone. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#close();
    return this.#disposal;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new MediaJobError('CLOSED', { message: 'The transcriber was closed before the work was done.', advice: 'Submit it again where a transcriber is open.' }));
    await this.unload();
  }

  async #serve(request: LaneRequest, asked: number): Promise<LaneRun> {
    const { clock, keepAliveMs } = this.#options;
    const began = clock.monotonic();
    const session = await this.#ready(request);
    const loaded = clock.monotonic();
    const result = await session.transcribe(request);
    const heard = clock.monotonic();
    const keep = (keepAliveMs > 0 || request.more === true) && session.usable && session.pid !== null;
    const release = keep ? this.#keep(session) : await this.#release(request.logger);
    const between = (from: number, to: number): number => Math.round(to - from);
    return { result, release, waitMs: between(asked, began), loadMs: between(began, loaded), transcribeMs: between(loaded, heard), releaseMs: between(heard, clock.monotonic()) };
  }

  /** The warm session, if it can still be used, or a new one. */
  async #ready({ signal, kill, logger, loadTimeoutMs, modelStamp }: LaneRequest): Promise<EngineSession> {
    if (this.#session?.usable === false || this.#modelStamp !== modelStamp) await this.#releaseQuietly(logger);
    const { engine, open } = this.#options;
    this.#modelStamp = modelStamp;
    this.#session ??= await engine.open({
      ...open,
      timeoutMs: loadTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(kill === undefined ? {} : { kill }),
      logger: this.#options.logger,
    });
    return this.#session;
  }

  #keep(session: EngineSession): ReleaseReceipt {
    const { keepAliveMs, clock } = this.#options;
    // At 0 it is kept only because more is on its way.
    if (keepAliveMs > 0 && keepAliveMs !== Infinity) this.#idle = clock.after(keepAliveMs, () => void this.#endIdle());
    return { pid: session.pid ?? 0, exitedAt: null, peakRssBytes: session.peakRssBytes, gpu: null, proof: 'kept-warm' };
  }

  /** Nobody has the turn when this is called: a run stops the timer as soon as its turn comes. */
  async #endIdle(): Promise<void> {
    using _turn = await this.#turns.take();
    await this.#releaseQuietly();
  }

  #stopIdling(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
  }

  async #release(logger = this.#options.logger): Promise<ReleaseReceipt | null> {
    const session = this.#session;
    this.#session = undefined;
    this.#stopIdling();
    if (session === undefined) return null;
    const receipt = await session.release();
    if (receipt !== null) logger.info({ engine: this.#options.engine.name, release: receipt }, 'engine released');
    return receipt;
  }

  /** For places where another error already stands, or nobody waits. */
  async #releaseQuietly(logger = this.#options.logger): Promise<void> {
    try {
      await this.#release(logger);
    } catch (error) {
      logger.error({ engine: this.#options.engine.name, error: MediaJobError.from(error) }, 'engine could not be released');
    }
  }
}
