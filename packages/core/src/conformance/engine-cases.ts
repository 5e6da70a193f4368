import assert from 'node:assert/strict';
import type { Engine, EngineCapabilities, EngineRequest, EngineSession, Segment } from '../ports/engine.ts';

/** One thing that an engine must do. It runs under any test runner: it resolves, or rejects with an assertion error. */
export interface EngineCase {
  readonly name: string;
  /** Only for engines that can do all of these. */
  readonly needs?: readonly (keyof EngineCapabilities)[];
  /** Only for engines that can do none of these. */
  readonly lacks?: readonly (keyof EngineCapabilities)[];
  readonly run: (harness: EngineHarness) => Promise<void>;
}

/** What the cases work with. */
export interface EngineHarness {
  readonly engine: Engine;
  /** Three seconds that are not silent: WAV, 16 kHz, mono, 16 bits. */
  readonly wavFile: string;
  /** A model that says two segments in every window, whatever it hears, within three seconds. */
  readonly scripted: { readonly modelFile: string; readonly segments: readonly Segment[] };
  /** A model that goes on for much longer than a second. */
  readonly endlessModelFile: string;
  /** A multilingual model that hears English, whatever it hears. */
  readonly multilingualModelFile: string;
  /** A file that is no model, or one that was cut off. */
  readonly brokenModelFile: string;
  /** A file of the same name as audio that holds none. */
  readonly brokenWavFile: string;
  /** Whether no process of this pid runs any more. */
  readonly isGone: (pid: number) => boolean;
}

/** Whether a case is meant for engines with these capabilities. */
export function engineCaseApplies({ needs = [], lacks = [] }: Pick<EngineCase, 'needs' | 'lacks'>, capabilities: EngineCapabilities): boolean {
  return needs.every((name) => capabilities[name]) && lacks.every((name) => !capabilities[name]);
}

const request = ({ wavFile }: EngineHarness, more: Partial<EngineRequest> = {}): EngineRequest => ({ wavFile, durationSeconds: 3, language: 'en', translate: false, beamSize: 1, ...more });
const open = ({ engine, scripted }: EngineHarness, modelFile = scripted.modelFile): Promise<EngineSession> => engine.open({ modelFile, threads: 1 });
const plain = (segments: readonly Segment[]): Segment[] => segments.map(({ start, end, text }) => ({ start, end, text }));

interface Running {
  readonly run: Promise<unknown>;
  readonly pid: number;
}

/** A run that shows progress and goes on, so that what follows happens in its middle. */
async function startRun(harness: EngineHarness, session: EngineSession, more: Partial<EngineRequest>): Promise<Running> {
  const begun = Promise.withResolvers<void>();
  const run = session.transcribe(request(harness, { onProgress: () => begun.resolve(), ...more }));
  run.catch(begun.reject);
  await begun.promise;
  assert.ok(session.pid !== null, 'Expected a pid while a run is under way.');
  return { run, pid: session.pid };
}

/** The run must fail with this code when the session is unusable and the process gone, within a second. */
async function assertEnded(harness: EngineHarness, session: EngineSession, { run, pid }: Running, code: string): Promise<void> {
  const began = performance.now();
  await assert.rejects(run, { code });
  assert.ok(harness.isGone(pid), `Expected process ${pid} to be gone when the run rejects.`);
  assert.equal(session.usable, false);
  assert.equal(session.pid, null);
  assert.ok(performance.now() - began < 1000, 'Expected the end within a second.');
}

const running: readonly EngineCase[] = [
  {
    name: 'hears a file: segments in order, on the way and at the end alike, and progress that never falls',
    async run(harness) {
      await using session = await open(harness);
      const [progress, partial]: [number[], Segment[]] = [[], []];
      const result = await session.transcribe(request(harness, { onProgress: (ratio) => progress.push(ratio), onSegment: (segment) => partial.push(segment) }));
      assert.deepEqual(plain(result.segments), plain(harness.scripted.segments));
      assert.deepEqual(plain(partial), plain(result.segments));
      assert.equal(result.language, 'en');
      assert.ok(progress.length > 0 && progress.every((ratio, index) => ratio >= (progress[index - 1] ?? 0) && ratio <= 1), `Expected rising ratios, got ${progress.join()}.`);
    },
  },
  {
    name: 'hears one file after another with one process',
    needs: ['warm'],
    async run(harness) {
      await using session = await open(harness);
      const pids: (number | null)[] = [];
      for (let round = 0; round < 3; round += 1) {
        const { segments } = await session.transcribe(request(harness));
        assert.deepEqual(plain(segments), plain(harness.scripted.segments));
        pids.push(session.pid);
      }
      assert.equal(new Set(pids).size, 1);
      assert.equal(session.usable, true);
      assert.ok(pids[0] !== null && !harness.isGone(Number(pids[0])));
    },
  },
  {
    name: 'serves a request that is asked for otherwise than the one before',
    async run(harness) {
      await using session = await harness.engine.open({ modelFile: harness.multilingualModelFile, threads: 1 });
      for (const language of ['en', 'de', 'auto']) assert.equal((await session.transcribe(request(harness, { language }))).language, language === 'auto' ? 'en' : language);
    },
  },
  {
    name: 'tells the language that it heard with its probability',
    needs: ['languageProbability'],
    async run(harness) {
      await using session = await open(harness, harness.multilingualModelFile);
      const { language, languageProbability = -1 } = await session.transcribe(request(harness, { language: 'auto' }));
      assert.equal(language, 'en');
      assert.ok(languageProbability > 0 && languageProbability <= 1, `Expected a probability, got ${languageProbability}.`);
    },
  },
  {
    name: 'tells words within their segment, which are its text',
    needs: ['words'],
    async run(harness) {
      await using session = await open(harness);
      const { segments } = await session.transcribe(request(harness));
      for (const { start, end, text, words = [] } of segments) {
        assert.equal(words.map((word) => word.text).join(' '), text.trim());
        for (const word of words) assert.ok(word.start >= start - 0.05 && word.end >= word.start && word.end <= end + 0.05, `Expected a word within its segment, got ${JSON.stringify(word)}.`);
        if (harness.engine.capabilities.wordProbability) assert.ok(words.every(({ probability = -1 }) => probability > 0 && probability <= 1));
      }
    },
  },
  {
    name: 'tells no words where it says that it has none',
    lacks: ['words'],
    async run(harness) {
      await using session = await open(harness);
      for (const { words } of (await session.transcribe(request(harness))).segments) assert.equal(words, undefined);
    },
  },
  {
    name: 'says that it works, and what it is',
    async run({ engine }) {
      const { works, detail } = await engine.check();
      assert.equal(engine.specVersion, 1);
      assert.deepEqual([works, detail !== ''], [true, true]);
    },
  },
];

const ending: readonly EngineCase[] = [
  ...(['signal', 'kill'] as const).map((name): EngineCase => ({
    name: `an abort by \`${name}\` ends the run within a second, and the process with it`,
    async run(harness) {
      await using session = await open(harness, harness.endlessModelFile);
      const control = new AbortController();
      const started = await startRun(harness, session, { [name]: control.signal });
      control.abort();
      await assertEnded(harness, session, started, 'ABORTED');
    },
  })),
  {
    name: 'a run that was aborted before it began starts nothing',
    async run(harness) {
      await using session = await open(harness);
      await assert.rejects(session.transcribe(request(harness, { signal: AbortSignal.abort() })), { code: 'ABORTED' });
    },
  },
  {
    name: 'a time limit ends the run, and the process with it',
    async run(harness) {
      await using session = await open(harness, harness.endlessModelFile);
      const run = session.transcribe(request(harness, { timeoutMs: 300 }));
      const ended = assert.rejects(run, { code: 'TIMEOUT' });
      let pid: number | null = null;
      for (let look = 0; pid === null && look < 1000; look += 1) {
        ({ pid } = session);
        await new Promise((resolve) => void setTimeout(resolve, 5));
      }
      await ended;
      assert.ok(pid !== null && harness.isGone(pid), `Expected process ${pid} to be gone.`);
      assert.equal(session.usable, false);
    },
  },
  {
    name: 'a process that is killed from outside fails the run, and the session with it',
    async run(harness) {
      await using session = await open(harness, harness.endlessModelFile);
      const started = await startRun(harness, session, {});
      process.kill(started.pid, 'SIGKILL');
      await assertEnded(harness, session, started, 'PROGRAM_KILLED');
    },
  },
  {
    name: 'what a listener throws comes back as it is, and ends the run',
    async run(harness) {
      await using session = await open(harness);
      const error = new Error('of the caller');
      const fail = (): never => {
        throw error;
      };
      await assert.rejects(session.transcribe(request(harness, { onProgress: fail })), (thrown) => thrown === error);
      assert.equal(session.usable, false);
    },
  },
  {
    name: 'a model that is none is refused',
    async run(harness) {
      const hear = async (): Promise<void> => {
        await using session = await open(harness, harness.brokenModelFile);
        await session.transcribe(request(harness));
      };
      await assert.rejects(hear, { code: 'MODEL_INVALID' });
    },
  },
  {
    name: 'audio that is none is refused, and gives no empty transcript',
    async run(harness) {
      await using session = await open(harness);
      await assert.rejects(session.transcribe(request(harness, { wavFile: harness.brokenWavFile })), ({ code }: { code?: string }) => ['CORRUPT', 'UNSUPPORTED_FORMAT', 'TRUNCATED'].includes(code ?? ''));
    },
  },
  {
    name: 'the receipt is that of a process which is gone, however often it is asked for',
    async run(harness) {
      const session = await open(harness);
      await session.transcribe(request(harness));
      const { pid } = session;
      const [receipt, again] = [await session.release(), await session.release()];
      assert.deepEqual(receipt, again);
      assert.ok(receipt !== null && receipt.exitedAt !== null && harness.isGone(receipt.pid));
      assert.ok(pid === null || pid === receipt.pid);
      assert.equal(session.usable, false);
    },
  },
];

/** All cases for engines. */
export const engineCases: readonly EngineCase[] = Object.freeze([...running, ...ending]);
