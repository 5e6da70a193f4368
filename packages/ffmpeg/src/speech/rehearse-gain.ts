import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from '../call-controls.ts';
import { speechSampleRate } from '../arguments.ts';
import { LoudnessMeter } from '../loudness/loudness-meter.ts';
import { TruePeakLimiter } from '../loudness/true-peak-limiter.ts';
import { channelOf, type ChannelPick } from '../sample-reader.ts';
import type { Staged } from './stage-decoded.ts';

/** What is rehearsed. */
export interface RehearsalOptions {
  readonly staged: Pick<Staged, 'path' | 'channels' | 'seconds'>;
  readonly channel: ChannelPick;
  /** The gain that would do without the limiter. */
  readonly gainDb: number;
  readonly limitDb: number;
  readonly largestGainDb: number;
}

/** Excerpts are spread evenly; together they are the whole of a programme of a minute, and a small part of a long one. */
const excerptSeconds = 3;
const mostExcerpts = 20;
const mostTrials = 5;
/** A loss known to this many LU is known well enough. */
const closeEnoughLu = 0.05;
/** Samples between two looks at everything else. */
const pieceLength = 65_536;

/**
 * Finds the gain at which a programme has the wanted loudness although its peaks are held down, by trying it on excerpts:
 * what the limiter takes away there it takes away everywhere. Costs the same for any length.
 */
export async function rehearseGain(options: RehearsalOptions, controls: ProcessControls): Promise<number> {
  const excerpts = await readExcerpts(options);
  const asTheyAre = await loudnessAt(excerpts, 0, undefined, controls);
  if (!Number.isFinite(asTheyAre)) return options.gainDb;
  const lossAt = async (gainDb: number): Promise<number> => asTheyAre + gainDb - (await loudnessAt(excerpts, gainDb, options.limitDb, controls));
  let [gain, loss] = [options.gainDb, await lossAt(options.gainDb)];
  let slope = 0;
  for (let trial = 1; trial < mostTrials; trial += 1) {
    const missing = options.gainDb + loss - gain;
    if (!(Math.abs(missing) > closeEnoughLu)) break;
    const next = Math.min(options.largestGainDb, gain + missing / (1 - slope));
    if (next === gain) break;
    const nextLoss = await lossAt(next);
    // The more gain, the more is lost: the next step is as much larger. Held below 1, where no gain would do.
    slope = Math.min(0.9, Math.max(0, (nextLoss - loss) / (next - gain)));
    [gain, loss] = [next, nextLoss];
  }
  return gain;
}

async function readExcerpts({ staged, channel }: RehearsalOptions): Promise<Float32Array> {
  const frames = Math.round(staged.seconds * speechSampleRate);
  const excerptFrames = excerptSeconds * speechSampleRate;
  const count = Math.min(mostExcerpts, Math.ceil(frames / excerptFrames));
  const all = new Float32Array(Math.min(frames, count * excerptFrames));
  const frameBytes = staged.channels * Float32Array.BYTES_PER_ELEMENT;
  await using file = await open(staged.path, 'r');
  let at = 0;
  for (let excerpt = 0; excerpt < count; excerpt += 1) {
    const first = Math.floor((excerpt * frames) / count);
    const length = Math.min(excerptFrames, Math.floor(((excerpt + 1) * frames) / count) - first);
    const bytes = new Uint8Array(length * frameBytes);
    await file.read(bytes, 0, bytes.length, first * frameBytes);
    all.set(channelOf(new Float32Array(bytes.buffer), channel, staged.channels), at);
    at += length;
  }
  return all.subarray(0, at);
}

async function loudnessAt(samples: Float32Array, gainDb: number, limitDb: number | undefined, controls: ProcessControls): Promise<number> {
  const gain = 10 ** (gainDb / 20);
  const meter = new LoudnessMeter(speechSampleRate);
  const limiter = limitDb === undefined ? undefined : new TruePeakLimiter({ sampleRate: speechSampleRate, limitDb });
  const piece = new Float32Array(pieceLength);
  for (let start = 0; start < samples.length; start += pieceLength) {
    throwIfAborted(controls);
    const louder = piece.subarray(0, Math.min(pieceLength, samples.length - start));
    for (let index = 0; index < louder.length; index += 1) louder[index] = (samples[start + index] as number) * gain;
    meter.add(limiter === undefined ? louder : limiter.add(louder));
    await setImmediate();
  }
  if (limiter !== undefined) meter.add(limiter.finish());
  return meter.integrated();
}
