import type { Engine, EngineSession } from '../../ports/engine.ts';
import { override } from './override.ts';

/** A way to break an engine, and the case that must reject it. */
export interface BrokenEngine {
  /** What it does wrong. */
  readonly name: string;
  /** Name of the conformance case that fails. */
  readonly rejectedBy: string;
  /** Breaks a sound engine. */
  readonly wrap: (engine: Engine) => Engine;
}

/** The same engine with other sessions. */
const sessions = (change: (session: EngineSession) => Partial<EngineSession>) => (engine: Engine): Engine => ({
  ...engine,
  async open(options) {
    const session = await engine.open(options);
    return override(session, change(session));
  },
});

const hears = 'hears a file: segments in order, on the way and at the end alike, and progress that never falls';

/** Engines that are wrong in ways that engines are wrong in. */
export const brokenEngines: readonly BrokenEngine[] = [
  { name: 'it calls nothing a transcript', rejectedBy: hears, wrap: sessions((session) => ({ transcribe: async (request) => ({ ...(await session.transcribe(request)), segments: [] }) })) },
  { name: 'it tells segments on the way that are not in the result', rejectedBy: hears, wrap: sessions((session) => ({
    transcribe(request) {
      request.onSegment?.({ start: 0, end: 1, text: ' made up' });
      return session.transcribe(request);
    },
  })) },
  { name: 'its progress falls', rejectedBy: hears, wrap: sessions((session) => ({ transcribe: (request) => session.transcribe({ ...request, onProgress: (ratio) => request.onProgress?.(1 - ratio) }) })) },
  {
    name: 'it starts a process for each file and calls itself warm',
    rejectedBy: 'hears one file after another with one process',
    wrap: (engine) => ({
      ...engine,
      async open(options) {
        let session = await engine.open(options);
        return override(session, {
          async transcribe(request) {
            await session.release();
            session = await engine.open(options);
            return session.transcribe(request);
          },
          get pid() {
            return session.pid;
          },
          release: () => session.release(),
          [Symbol.asyncDispose]: async () => void (await session.release()),
        });
      },
    }),
  },
  { name: 'it does not listen to an abort', rejectedBy: 'a run that was aborted before it began starts nothing', wrap: sessions((session) => ({
    transcribe({ signal: _signal, ...request }) {
      return session.transcribe(request);
    },
  })) },
  { name: 'it rejects while its process still runs', rejectedBy: 'a time limit ends the run, and the process with it', wrap: sessions((session) => ({
    transcribe({ timeoutMs, ...request }) {
      const run = session.transcribe(request);
      if (timeoutMs === undefined) return run;
      run.catch(() => undefined);
      return new Promise((_, reject) => void setTimeout(() => reject(Object.assign(new Error('late'), { code: 'TIMEOUT' })), timeoutMs));
    },
  })) },
  { name: 'it hides what a listener throws', rejectedBy: 'what a listener throws comes back as it is, and ends the run', wrap: sessions((session) => ({
    transcribe: ({ onProgress: _onProgress, ...request }) => session.transcribe(request),
  })) },
  { name: 'its receipt is that of a living process', rejectedBy: 'the receipt is that of a process which is gone, however often it is asked for', wrap: sessions((session) => ({
    async release() {
      const receipt = await session.release();
      return receipt === null ? null : { ...receipt, pid: process.pid };
    },
  })) },
  { name: 'it takes audio that is none for silence', rejectedBy: 'audio that is none is refused, and gives no empty transcript', wrap: sessions((session) => ({
    transcribe: (request) => session.transcribe(request).catch(() => ({ segments: [], language: 'en', warnings: [] })),
  })) },
  { name: 'it says that it heard a language, but not how surely', rejectedBy: 'tells the language that it heard with its probability', wrap: sessions((session) => ({
    async transcribe(request) {
      const { languageProbability: _probability, ...result } = await session.transcribe(request);
      return result;
    },
  })) },
];
