import type { Engine, EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt } from '@media-jobs/core';
import { MediaJobError, type Clock, type Logger, type Timer } from '@media-jobs/foundation';
import type { GpuAccount } from '../release/gpu-account.ts';
import { joinSignals } from './abort.ts';
import type { DegradeStep } from './degrade.ts';
import { recycleDefaults, Wear, type RecycleLimits } from './recycling.ts';
import { Turns } from './turns.ts';

export interface EngineLaneOptions {
  readonly engine: Engine;
  /** What every session is opened with. */
  readonly open: Pick<EngineOpenOptions, 'modelFile' | 'threads'>;
  /** From the end of a run to the end of its engine; 0 ends it at once, Infinity never. */
  readonly keepAliveMs: number;
  readonly recycle?: RecycleLimits;
  /** The card that the engine takes memory of. */
  readonly gpu?: GpuAccount | undefined;
  /** Whether somebody waits for this lane elsewhere than in its own line. */
  readonly isWanted?: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A request for a lane: a run, and what the loading before it depends on. */
export interface LaneRequest extends EngineRequest {
  readonly loadTimeoutMs: number;
  /** Differs when the model's file does: an engine that holds the former one is released. */
  readonly modelStamp: string;
  /** Another model than the lane's own. */
  readonly modelFile?: string;
  readonly device?: string;
  /** Asked after the run: whether another of the same work follows. The engine is kept for it, also where `keepAliveMs` is 0; whoever says so and then brings none ends it. */
  readonly more?: () => boolean;
}

/** What came of a run, and what became of the engine after it. */
export interface LaneRun {
  readonly result: EngineResult;
  readonly release: ReleaseReceipt | null;
  readonly waitMs: number;
  readonly loadMs: number;
  readonly transcribeMs: number;
  readonly releaseMs: number;
  /** Steps down that were taken because memory ran out. */
  readonly degraded?: readonly DegradeStep[];
}

/** An engine that is to be ended after each run is kept so long for the next in line: a burst shares one model. */
const handOverMs = 250;

/**
 * One engine that serves one request at a time, in the order of asking. It is opened when it is needed and released
 * after a run that nobody waits behind, after a time without any, when it is worn, after every fault, and at disposal.
 */
export class EngineLane implements AsyncDisposable {
  readonly #options: EngineLaneOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #session: EngineSession | undefined;
  #wear: Wear | undefined;
  /** What the session was opened for. */
  #loaded: string | undefined;
  #idle: Timer | undefined;
  #disposal: Promise<void> | undefined;

  constructor(options: EngineLaneOptions) {
    this.#options = options;
  }

  /** Whether a session is there for such a request. */
  isWarmFor(request: LaneRequest): boolean {
    return this.#session?.usable === true && this.#loaded === loadKey(request) && this.#session.fits?.(request) !== false;
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
    const { clock, gpu } = this.#options;
    const began = clock.monotonic();
    const session = await this.#ready(request);
    const loaded = clock.monotonic();
    const result = await this.#watched(session, request);
    const heard = clock.monotonic();
    await gpu?.look(session.pid);
    const release = await this.#after(session, request);
    const between = (from: number, to: number): number => Math.round(to - from);
    return { result, release, waitMs: between(asked, began), loadMs: between(began, loaded), transcribeMs: between(loaded, heard), releaseMs: between(heard, clock.monotonic()) };
  }

  async #watched(session: EngineSession, request: LaneRequest): Promise<EngineResult> {
    await using _watching = this.#options.gpu?.watch(() => session.pid);
    return await session.transcribe(request);
  }

  /** The warm session, if it can still be used, or a new one. */
  async #ready(request: LaneRequest): Promise<EngineSession> {
    const { signal, kill, logger, loadTimeoutMs, device, modelFile } = request;
    if (this.#session !== undefined && !this.isWarmFor(request)) await this.#releaseQuietly(logger);
    if (this.#session !== undefined) return this.#session;
    const { engine, open, gpu, clock, recycle } = this.#options;
    await gpu?.begin();
    this.#loaded = loadKey(request);
    this.#wear = new Wear({ ...recycleDefaults, ...recycle }, clock.monotonic());
    this.#session = await engine.open({
      ...open,
      ...(modelFile === undefined ? {} : { modelFile }),
      ...(device === undefined ? {} : { device }),
      timeoutMs: loadTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(kill === undefined ? {} : { kill }),
      logger: this.#options.logger,
    });
    return this.#session;
  }

  /** Keeps the engine for those who wait or may come, or ends it. */
  async #after(session: EngineSession, { logger, ...request }: LaneRequest): Promise<ReleaseReceipt | null> {
    const { keepAliveMs, gpu, clock, isWanted } = this.#options;
    const more = request.more?.() === true;
    const wanted = keepAliveMs > 0 || more || this.#turns.waiting > 0 || isWanted?.() === true;
    if (!wanted || !session.usable || session.pid === null) return this.#release(logger);
    const recycled = this.#wear?.afterRun(session, clock.monotonic(), gpu?.grew() ?? false);
    return recycled === undefined ? this.#keep(session, more) : this.#release(logger, recycled);
  }

  #keep(session: EngineSession, more: boolean): ReleaseReceipt {
    const { keepAliveMs, clock, gpu } = this.#options;
    // At 0 it is kept because more is on its way, or for who waits in line: that one comes at once, or has given up.
    const idleMs = keepAliveMs > 0 ? keepAliveMs : more ? Infinity : handOverMs;
    if (idleMs !== Infinity) this.#idle = clock.after(idleMs, () => void this.#endIdle());
    return { pid: session.pid ?? 0, exitedAt: null, peakRssBytes: session.peakRssBytes, gpu: gpu?.figures() ?? null, proof: 'kept-warm' };
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

  async #release(logger = this.#options.logger, recycled?: ReleaseReceipt['recycled']): Promise<ReleaseReceipt | null> {
    const session = this.#session;
    this.#session = undefined;
    this.#stopIdling();
    if (session === undefined) return null;
    const { gpu, engine } = this.#options;
    const gone = await session.release();
    if (gone === null) return null;
    const settled = gpu === undefined ? gone : await gpu.settle(gone);
    const receipt = recycled === undefined ? settled : Object.freeze({ ...settled, recycled });
    logger.info({ engine: engine.name, release: receipt }, 'engine released');
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

const loadKey = ({ modelStamp, modelFile, device }: LaneRequest): string => [modelStamp, modelFile ?? '', device ?? ''].join('\0');
