import type { OpenedMedia } from '../media-context.ts';
import type { LoudnessResult } from './apply-loudness.ts';
import type { ResolvedPrepareOptions, SpeechChannel } from './prepare-options.ts';
import type { Staged } from './stage-decoded.ts';
import type { StagedSpeech } from './stage-speech.ts';

/** Further from the target than this is worth a word, in LU: what broadcasters allow. */
const toleranceLu = 0.5;

/** What a reader of the result should know, as sentences. */
export function speechWarnings(media: OpenedMedia, speech: StagedSpeech, loudness: LoudnessResult, request: Pick<ResolvedPrepareOptions, 'channel' | 'loudness'>): readonly string[] {
  const { info, stream } = media;
  const { staged } = speech;
  return [...info.warnings, ...staged.warnings, ...channelWarnings(stream.channels, speech, loudness, request.channel), ...loudnessWarnings(loudness, request.loudness?.targetLufs), ...lengthWarnings(media, staged)];
}

function channelWarnings(channels: number, { antiPhase, channel: taken }: StagedSpeech, { inputLufs }: LoudnessResult, channel: SpeechChannel): readonly string[] {
  if (antiPhase) return [`The two channels are each other's opposite and cancel each other out in a mix; the ${taken} one was taken instead.`];
  if (channel === 'mix' && channels > 2 && inputLufs === null) return [`The mix of ${channels} channels is silent; where they cancel each other out, choose \`channel: 'loudest'\`.`];
  if ((channel === 'left' || channel === 'right') && channels === 1) return [`The audio has one channel, so \`channel: '${channel}'\` means all of it.`];
  return [];
}

function loudnessWarnings({ reason, outputLufs, gainDb }: LoudnessResult, targetLufs: number | undefined): readonly string[] {
  if (reason === 'silent') return ['The audio is silent; its level was left alone.'];
  if (reason === 'too-short') return ['The audio is too short for a measurement of its loudness; its level was left alone.'];
  if (targetLufs === undefined || outputLufs === null || Math.abs(outputLufs - targetLufs) <= toleranceLu) return [];
  const why = reason === 'gain-limited' ? `the gain is held at ${gainDb} dB` : 'its peaks had to be held down';
  return [`The loudness is ${outputLufs} LUFS instead of ${targetLufs}, because ${why}.`];
}

function lengthWarnings({ stream }: OpenedMedia, { seconds }: Staged): readonly string[] {
  const { durationSeconds, durationConfidence } = stream;
  if (durationSeconds === undefined || durationConfidence !== 'estimated' || seconds >= durationSeconds * 0.98 - 1) return [];
  return [`The audio is ${seconds.toFixed(1)} s long where about ${durationSeconds.toFixed(1)} s were to be expected; the file may be cut off.`];
}
