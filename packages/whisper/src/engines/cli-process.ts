import { MediaJobError, silentLogger, type Clock, type Logger } from '@media-jobs/foundation';
import { runProgram, type ProcessUsage } from '@media-jobs/process';
import { markProcess, type ProcessMark } from '../release/process-mark.ts';
import type { CliInputs } from './cli-inputs.ts';
import { deviceEnvironment } from './device-environment.ts';
import { readCliLine, readPrintedSegment, type CliNews, type PrintedSegment } from './cli-lines.ts';
import { readPulse } from './process-pulse.ts';

export interface CliProcessOptions {
  readonly command: string;
  /** All but the inputs. */
  readonly args: readonly string[];
  readonly device: string | undefined;
  readonly inputs: CliInputs;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Hears what the process says while a request is at work. */
export interface CliListener {
  readonly logger: Logger | undefined;
  readonly onNews: (news: CliNews) => void;
  readonly onSegment: (segment: PrintedSegment) => void;
  /** The process has ended; null when it was with exit code 0. */
  readonly onEnd: (error: MediaJobError | null) => void;
}

const maxLogCharacters = 16_384;

/** One running `whisper-cli`, and all that is known of it. */
export class CliProcess {
  readonly inputs: CliInputs;
  readonly mark: ProcessMark;
  /** Resolves with the usage when process, tree and pipes are gone. */
  readonly gone: Promise<ProcessUsage | undefined>;
  readonly #kill: AbortController;
  #listener: CliListener | undefined;
  /** What was said while nobody listened, in its order. */
  #missed: ((listener: CliListener) => void)[] = [];
  #ended: { readonly error: MediaJobError | null } | undefined;
  #log = '';
  #cpuMs = 0;
  #peakRssBytes = 0;

  private constructor(options: CliProcessOptions, mark: ProcessMark, kill: AbortController, gone: Promise<ProcessUsage | undefined>) {
    this.inputs = options.inputs;
    this.mark = mark;
    this.#kill = kill;
    this.gone = gone;
  }

  /** Rejects when it cannot be started. */
  static async start(options: CliProcessOptions): Promise<CliProcess> {
    const { command, args, device, inputs, clock, logger } = options;
    const kill = new AbortController();
    const started = Promise.withResolvers<number>();
    let self: CliProcess | undefined;
    let usage: ProcessUsage | undefined;
    const run = runProgram({
      command,
      args: [...args, ...(device === 'cpu' ? ['-ng'] : []), ...inputs.args],
      // Without this a fault starts a debugger, where there is one.
      env: { GGML_NO_BACKTRACE: '1', WHISPER_COMMON_MINIAUDIO_SKIP: undefined, WHISPER_ARG_DEVICE: undefined, ...deviceEnvironment(device) },
      kill: kill.signal,
      clock,
      logger,
      onStart: started.resolve,
      onUsage: (told) => (usage = told),
      onStderrLine: (line) => self?.hearLine(line, logger),
      onStdoutLine: (line) => self?.hearSegment(line),
    });
    const gone = run.then(
      () => self?.end(null, usage),
      (thrown: unknown) => {
        started.reject(thrown);
        self?.end(MediaJobError.from(thrown), usage);
      },
    ).then(() => usage);
    self = new CliProcess(options, markProcess(await started.promise), kill, gone);
    return self;
  }

  get log(): string {
    return this.#log;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  get cpuMs(): number {
    this.#look();
    return this.#cpuMs;
  }

  /** Null where the machine does not tell. */
  get peakRssBytes(): number | null {
    this.#look();
    return this.#peakRssBytes === 0 ? null : this.#peakRssBytes;
  }

  /** From now on this one hears what the process says, and at once that it has ended. */
  listen(listener: CliListener | undefined): void {
    this.#listener = listener;
    if (listener === undefined) return;
    for (const tell of this.#missed.splice(0)) tell(listener);
    if (this.#ended !== undefined) listener.onEnd(this.#ended.error);
  }

  /** Kills the process, if it is there, and resolves when it is gone and so are its files. */
  async stop(): Promise<void> {
    this.#look();
    this.#kill.abort();
    await this.gone;
    await this.inputs[Symbol.asyncDispose]();
  }

  /** For the reader of its error output. */
  hearLine(line: string, logger: Logger = silentLogger): void {
    this.#log = `${this.#log}${line}\n`.slice(-maxLogCharacters);
    (this.#listener?.logger ?? logger).debug({ pid: this.mark.pid, line }, 'engine');
    const news = readCliLine(line);
    if (news !== undefined) this.#tell((listener) => listener.onNews(news));
  }

  /** For the reader of its standard output. */
  hearSegment(line: string): void {
    const segment = readPrintedSegment(line);
    if (segment !== undefined) this.#tell((listener) => listener.onSegment(segment));
  }

  /** For the one who waits for its end. */
  end(error: MediaJobError | null, usage: ProcessUsage | undefined): void {
    this.#ended = { error };
    this.#account(usage);
    this.#listener?.onEnd(error);
  }

  #tell(tell: (listener: CliListener) => void): void {
    if (this.#listener === undefined) this.#missed.push(tell);
    else tell(this.#listener);
  }

  #look(): void {
    if (this.#ended === undefined) this.#account(readPulse(this.mark.pid));
  }

  #account(seen: Pick<ProcessUsage, 'cpuMs' | 'peakRssBytes'> | undefined): void {
    this.#cpuMs = Math.max(this.#cpuMs, seen?.cpuMs ?? 0);
    this.#peakRssBytes = Math.max(this.#peakRssBytes, seen?.peakRssBytes ?? 0);
  }
}
