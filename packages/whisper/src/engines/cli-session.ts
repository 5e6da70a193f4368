import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TempFiles } from '@media-jobs/cleanup';
import type { EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt } from '@media-jobs/core';
import { silentLogger, type Clock } from '@media-jobs/foundation';
import { abortErrorOf } from '../pool/abort.ts';
import { proveRelease } from '../release/prove-release.ts';
import { openWav } from '../wav/open-wav.ts';
import { wavHeader } from '../wav/wav-header.ts';
import { leastBytes, readAudio } from './engine-audio.ts';
import { CliInputs } from './cli-inputs.ts';
import { CliProcess } from './cli-process.ts';
import { CliRun } from './cli-run.ts';

export interface CliSessionOptions {
  readonly command: string;
  readonly tempFiles: TempFiles;
  readonly filesPerProcess: number;
  readonly silenceTimeoutMs: number;
  readonly clock: Clock;
  readonly open: EngineOpenOptions;
}

/** What whisper.cpp looks at when it tries again at a higher temperature; the addon's figure too. */
const bestOf = 5;

/** What a process is started with; it stays so for all that it hears. */
function argumentsOf({ modelFile, threads }: EngineOpenOptions, { language, translate, beamSize, prompt, audioContext }: EngineRequest): readonly string[] {
  return [
    '-m', modelFile, '-t', String(threads), '-l', language, '-bs', String(beamSize), '-bo', String(bestOf), '-ojf', '-pp',
    ...(translate ? ['-tr'] : []),
    ...(prompt === undefined ? [] : ['--prompt', prompt]),
    ...(audioContext === undefined ? [] : ['-ac', String(audioContext)]),
  ];
}

/** A `whisper-cli` that is started with the first request, and hears the following ones too where they are asked for alike. */
export class CliSession implements EngineSession {
  readonly #options: CliSessionOptions;
  #process: CliProcess | undefined;
  #arguments = '';
  #served = 0;
  #lateSegments = 0;
  #reportedCpuMs = 0;
  #receipt: Promise<ReleaseReceipt | null> | undefined;
  #faulty = false;

  constructor(options: CliSessionOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.usable && this.#process !== undefined ? this.#process.mark.pid : null;
  }

  get usable(): boolean {
    return !this.#faulty && this.#receipt === undefined && this.#process?.ended !== true && this.#served < this.#options.filesPerProcess;
  }

  get peakRssBytes(): number | null {
    return this.#process?.peakRssBytes ?? null;
  }

  fits(request: EngineRequest): boolean {
    return this.#process === undefined || this.#arguments === argumentsOf(this.#options.open, request).join('\0');
  }

  async transcribe(request: EngineRequest): Promise<EngineResult> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    try {
      return await this.#hear(request);
    } catch (error) {
      this.#faulty = true;
      await this.#process?.stop();
      throw error;
    } finally {
      this.#reportUsage(request, clock.monotonic() - began);
    }
  }

  release(): Promise<ReleaseReceipt | null> {
    this.#receipt ??= this.#end();
    return this.#receipt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #end(): Promise<ReleaseReceipt | null> {
    if (this.#process === undefined) return null;
    await this.#process.stop();
    return proveRelease({ mark: this.#process.mark, exitedAt: this.#options.clock.now(), peakRssBytes: this.#process.peakRssBytes });
  }

  async #hear(request: EngineRequest): Promise<EngineResult> {
    const { open, silenceTimeoutMs, clock } = this.#options;
    for (const signal of [request.signal, request.kill]) if (signal?.aborted === true) throw abortErrorOf(signal);
    if (!this.fits(request)) await this.#startOver();
    const first = this.#process === undefined;
    const process = (this.#process ??= await this.#start(request));
    const index = this.#served;
    const audioFile = await audioFor(request, process.inputs, index);
    const loadTimeoutMs = first ? open.timeoutMs : undefined;
    const run = new CliRun({ process, index, request, audioFile, loadTimeoutMs, silenceTimeoutMs, lateSegments: this.#lateSegments, clock });
    const { result, lateSegments } = await run.hear(!first);
    this.#served += 1;
    this.#lateSegments = lateSegments;
    return result;
  }

  async #startOver(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
    [this.#served, this.#lateSegments, this.#reportedCpuMs] = [0, 0, 0];
  }

  async #start(request: EngineRequest): Promise<CliProcess> {
    const { command, tempFiles, filesPerProcess, clock, open } = this.#options;
    const args = argumentsOf(open, request);
    const inputs = await CliInputs.create(tempFiles, filesPerProcess);
    try {
      const process = await CliProcess.start({ command, args, device: open.device, inputs, clock, logger: open.logger ?? silentLogger });
      this.#arguments = args.join('\0');
      return process;
    } catch (error) {
      await inputs[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What this run has cost: the first also what the loading did. */
  #reportUsage({ onUsage }: EngineRequest, wallMs: number): void {
    if (this.#process === undefined) return;
    const cpuMs = this.#process.cpuMs - this.#reportedCpuMs;
    this.#reportedCpuMs += cpuMs;
    onUsage?.({ command: 'whisper-cli', pid: this.#process.mark.pid, wallMs, cpuMs, peakRssBytes: this.#process.peakRssBytes ?? 0 });
  }
}

/** The file itself, or a copy with silence behind it where it is too short for whisper.cpp. */
async function audioFor({ wavFile }: EngineRequest, inputs: CliInputs, index: number): Promise<string> {
  await using wav = await openWav(wavFile);
  const { dataOffset, dataBytes } = wav.format;
  if (dataBytes >= leastBytes) return resolve(wavFile);
  const padded = inputs.path(`padded-${index}.wav`);
  const samples = Buffer.from(readAudio(wavFile, dataOffset, dataBytes));
  await writeFile(padded, Buffer.concat([wavHeader(samples.byteLength / 2), samples]));
  return padded;
}
