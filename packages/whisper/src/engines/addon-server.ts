import { AudioChanged } from './engine-audio.ts';
import { addonRequestSchema, type AddonAnswer, type AddonRequest } from './addon-messages.ts';
import { loadAddonModule, loadedVariant, type AddonContext, type AddonModule } from './addon-module.ts';
import { runAddon } from './addon-run.ts';

/** The end of the channel to the process that started this one. */
export interface AddonChannel {
  send(answer: AddonAnswer): void;
}

type FailReason = Extract<AddonAnswer, { type: 'failed' }>['reason'];

/** Why a request failed, in a way that the other side can act on. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: FailReason;
  constructor(reason: FailReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What this process has cost: exact, since the kernel keeps count. `maxRSS` is in KiB. */
function cost(): { readonly cpuMs: number; readonly peakRssBytes: number } {
  const usage = process.resourceUsage();
  return { cpuMs: (usage.userCPUTime + usage.systemCPUTime) / 1000, peakRssBytes: usage.maxRSS * 1024 };
}

/** Serves one request at a time: the addon, then a model, then any number of files. */
export class AddonServer {
  readonly #channel: AddonChannel;
  #addon: AddonModule | undefined;
  #context: AddonContext | undefined;
  #busy = false;

  constructor(channel: AddonChannel) {
    this.#channel = channel;
  }

  /** Says that this process is not stopped, whatever the engine does. */
  beat(): void {
    this.#channel.send({ type: 'alive', ...cost() });
  }

  /** Answers any message; what is no request is refused. Never rejects. */
  async receive(message: unknown): Promise<void> {
    const parsed = addonRequestSchema.safeParse(message);
    if (!parsed.success) return this.#fail(null, new Refusal('bad-request', parsed.error.message));
    const request = parsed.data;
    const id = request.type === 'transcribe' ? request.id : null;
    if (this.#busy) return this.#fail(id, new Refusal('bad-request', 'A request came while another was at work.'));
    this.#busy = true;
    try {
      await this.#answer(request);
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.#busy = false;
    }
  }

  #fail(id: number | null, error: unknown): void {
    const reason = error instanceof Refusal ? error.reason : error instanceof AudioChanged ? 'input-changed' : 'engine-failed';
    this.#channel.send({ type: 'failed', id, reason, detail: detailOf(error) });
  }

  async #answer(request: AddonRequest): Promise<void> {
    switch (request.type) {
      case 'probe':
        return this.#sayReady(await this.#load(request.variant));
      case 'load':
        return this.#loadModel(request.variant, request.modelFile, request.useGpu ?? true);
      case 'transcribe':
        return this.#transcribe(request);
    }
  }

  #sayReady(version: string): void {
    this.#channel.send({ type: 'ready', variant: loadedVariant() ?? 'default', version, ...cost() });
  }

  /** Loads the addon and makes sure that it is the variant which was asked for. Returns its version. */
  async #load(variant: string): Promise<string> {
    const { addon, version } = found(loadAddonModule);
    try {
      await addon.loadWhisperModule(variant);
    } catch (error) {
      throw new Refusal('variant-missing', detailOf(error), { cause: error });
    }
    const loaded = loadedVariant();
    if (loaded !== null && loaded !== variant) throw new Refusal('variant-missing', `Only the variant "${loaded}" could be loaded.`);
    this.#addon = addon;
    return version;
  }

  async #loadModel(variant: string, modelFile: string, useGpu: boolean): Promise<void> {
    const version = await this.#load(variant);
    try {
      // Until the model is loaded the log goes straight to the error output, so that a crash does not swallow it.
      this.#context = await this.#addon?.initWhisper({ filePath: modelFile, useGpu }, variant);
    } catch (error) {
      throw new Refusal('model-refused', detailOf(error), { cause: error });
    }
    await this.#addon?.toggleNativeLog(true);
    this.#addon?.addNativeLogListener((_level, text) => process.stderr.write(text));
    this.#sayReady(version);
  }

  async #transcribe(request: Extract<AddonRequest, { type: 'transcribe' }>): Promise<void> {
    if (this.#addon === undefined || this.#context === undefined) throw new Refusal('bad-request', 'No model is loaded.');
    const { id } = request;
    const result = await runAddon({
      addon: this.#addon,
      context: this.#context,
      request,
      onProgress: (ratio) => this.#channel.send({ type: 'progress', id, ratio }),
      onSegments: (segments) => this.#channel.send({ type: 'segments', id, segments }),
    });
    this.#channel.send({ type: 'result', id, ...result, ...cost() });
  }
}

function found(load: typeof loadAddonModule): ReturnType<typeof loadAddonModule> {
  try {
    return load();
  } catch (error) {
    throw new Refusal('addon-missing', detailOf(error), { cause: error });
  }
}
