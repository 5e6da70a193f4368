import type { AddonAnswer, AddonRequest, WireSegment } from './addon-messages.ts';
import type { AddonContext, AddonModule, AddonOptions, AddonSegment } from './addon-module.ts';
import { readAudio } from './engine-audio.ts';

type TranscribeRequest = Extract<AddonRequest, { type: 'transcribe' }>;
type Result = Pick<Extract<AddonAnswer, { type: 'result' }>, 'segments' | 'language' | 'languageProbability'>;

export interface AddonRunOptions {
  readonly addon: AddonModule;
  readonly context: AddonContext;
  readonly request: TranscribeRequest;
  readonly onProgress: (ratio: number) => void;
  readonly onSegments: (segments: WireSegment[]) => void;
}

const cell = new Int32Array(new SharedArrayBuffer(4));
const napMs = 4;

/**
 * Holds this thread for a moment. After a run the addon's worker sleeps until all callbacks are counted down, but the
 * count and the wake-up are not guarded: a callback that returns while the worker is just falling asleep wakes nobody,
 * and the run never ends (once in 2,100 runs of ten callbacks, here). With a nap the worker is asleep by then.
 */
function nap(): void {
  Atomics.wait(cell, 0, 0, napMs);
}

const toWire = (segment: AddonSegment): WireSegment => ({ startMs: segment.t0, endMs: segment.t1, text: segment.text });

/** How whisper.cpp's log tells the language that it heard; the addon's own result has no probability. */
const heardLanguage = /auto-detected language: \w+ \(p = ([\d.]+)\)/;

/** One run of the addon. Rejects with the addon's own error. */
export async function runAddon({ addon, context, request, onProgress, onSegments }: AddonRunOptions): Promise<Result> {
  const audio = readAudio(request.wavFile, request.dataOffset, request.dataBytes);
  let probability: number | undefined;
  using _listening = listenToLog(addon, (text) => {
    const said = heardLanguage.exec(text)?.[1];
    if (said !== undefined) probability = Math.min(1, Number(said));
  });
  const options: AddonOptions = {
    language: request.language,
    translate: request.translate,
    maxThreads: request.threads,
    ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
    onProgress(percent) {
      // The engine counts beyond 100 where it looks at the padding.
      onProgress(Math.min(1, Math.max(0, percent / 100)));
      nap();
    },
    onNewSegments(news) {
      onSegments(news.segments.map(toWire));
      nap();
    },
  };
  const { segments, language } = await context.transcribeData(audio, options).promise;
  return { segments: segments.map(toWire), language: language ?? request.language, ...(probability === undefined ? {} : { languageProbability: probability }) };
}

function listenToLog(addon: AddonModule, listener: (text: string) => void): Disposable {
  const listening = addon.addNativeLogListener((_level, text) => listener(text));
  return { [Symbol.dispose]: () => listening.remove() };
}
