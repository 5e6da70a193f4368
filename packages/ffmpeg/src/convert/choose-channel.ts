import { speechSampleRate } from '../arguments.ts';
import { decode } from '../decode.ts';
import { LoudnessMeter } from '../loudness/loudness-meter.ts';
import { channelOf } from '../sample-reader.ts';
import { cancelledLu } from '../speech/stage-speech.ts';
import type { SpeechChannel } from '../speech/prepare-options.ts';
import type { Conversion } from './convert.ts';

/** Which channel becomes the result, and why. */
export interface ChosenChannel {
  readonly channel: Exclude<SpeechChannel, 'loudest'>;
  readonly antiPhase: boolean;
  readonly warnings: readonly string[];
}

/** Decides which channel is taken. Two channels of which a mix or the louder is wanted are listened to first, in a decode of their own. */
export async function chooseChannel(conversion: Conversion, wanted: SpeechChannel): Promise<ChosenChannel> {
  const { channels } = conversion.media.stream;
  if (channels === 1 || wanted === 'left' || wanted === 'right') {
    const all = channels === 1;
    const idle = all && (wanted === 'left' || wanted === 'right');
    return { channel: all || wanted === 'loudest' ? 'mix' : wanted, antiPhase: false, warnings: idle ? [`The audio has one channel, so \`channel: '${wanted}'\` means all of it.`] : [] };
  }
  if (wanted === 'mix' && channels > 2) return { channel: 'mix', antiPhase: false, warnings: [] };
  const [left, right, mix] = await listen(conversion);
  const louder = right > left ? 'right' : 'left';
  if (wanted === 'loudest') return { channel: louder, antiPhase: false, warnings: [] };
  const antiPhase = Math.max(left, right) - mix >= cancelledLu;
  return antiPhase ? { channel: louder, antiPhase, warnings: [`The two channels are each other's opposite and cancel each other out in a mix; the ${louder} one was taken instead.`] } : { channel: 'mix', antiPhase, warnings: [] };
}

/** LUFS of the two channels and their mix; silence counts as the absolute gate of EBU R128. */
async function listen({ media, context, options, progress }: Conversion): Promise<readonly [number, number, number]> {
  const picks = [0, 1, 'mix'] as const;
  const meters = picks.map(() => new LoudnessMeter(speechSampleRate));
  let frames = 0;
  const onSamples = (samples: Float32Array): void => {
    for (const [index, meter] of meters.entries()) meter.add(channelOf(samples, picks[index] ?? 0, 2));
    frames += samples.length / 2;
    progress.report('probe', frames / speechSampleRate, media.stream.durationSeconds);
  };
  const { path, stream, timeoutMs, ffmpeg, maxAllocBytes } = media;
  await decode({ path, stream, maxAllocBytes, timeoutMs, channels: 'both', highpassHz: undefined, onSamples }, ffmpeg.path, context, options);
  const [left = 0, right = 0, mix = 0] = meters.map((meter) => Math.max(-70, meter.integrated()));
  return [left, right, mix];
}
