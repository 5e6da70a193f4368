import type { Engine, EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt } from '@media-jobs/core';

/** A session of a fake engine, as a test sees and steers it. */
export interface FakeSession extends EngineSession {
  readonly pid: number | null;
  usable: boolean;
  readonly requests: EngineRequest[];
  released: boolean;
  /** Ends the run that is under way. */
  finish(result?: Partial<EngineResult>): void;
  fail(error: Error): void;
  /** Called when it is released. */
  onRelease(listener: () => void): void;
}

export interface FakeEngine extends Engine {
  readonly sessions: FakeSession[];
  readonly opened: EngineOpenOptions[];
  /** What the next `open` rejects with. */
  openError: Error | undefined;
}

const firstPid = 4_000_001;

/** An engine whose runs end when the test says so, or when they are aborted. `warm: false` has no process between runs. */
export function createFakeEngine({ warm = true, name = 'fake' }: { readonly warm?: boolean; readonly name?: string } = {}): FakeEngine {
  const engine: FakeEngine = {
    specVersion: 1,
    name,
    capabilities: { words: false, wordProbability: false, languageProbability: false, noSpeech: false, beamSearch: false, warm, shortContext: false },
    sessions: [],
    opened: [],
    openError: undefined,
    check: () => Promise.resolve({ works: true, detail: 'fake' }),
    async open(options) {
      engine.opened.push(options);
      await Promise.resolve();
      const { openError } = engine;
      engine.openError = undefined;
      if (openError !== undefined) throw openError;
      const session = createSession(firstPid + engine.sessions.length, warm);
      engine.sessions.push(session);
      return session;
    },
  };
  return engine;
}

function createSession(ownPid: number, warm: boolean): FakeSession {
  let running: PromiseWithResolvers<EngineResult> | undefined;
  let released: (() => void) | undefined;
  const session: FakeSession = {
    get pid() {
      return warm && session.usable ? ownPid : null;
    },
    usable: true,
    peakRssBytes: 1000,
    requests: [],
    released: false,
    transcribe(request) {
      session.requests.push(request);
      const run = Promise.withResolvers<EngineResult>();
      running = run;
      const abort = (): void => run.reject(request.signal?.reason as Error);
      if (request.signal?.aborted === true) abort();
      request.signal?.addEventListener('abort', abort);
      return run.promise;
    },
    release(): Promise<ReleaseReceipt> {
      session.released = true;
      session.usable = false;
      released?.();
      return Promise.resolve({ pid: ownPid, exitedAt: 1, peakRssBytes: 1000, gpu: null, proof: 'process-gone' });
    },
    async [Symbol.asyncDispose]() {
      await session.release();
    },
    finish: (result = {}) => running?.resolve({ segments: [], language: 'en', warnings: [], ...result }),
    fail: (error) => running?.reject(error),
    onRelease: (listener) => (released = listener),
  };
  return session;
}
