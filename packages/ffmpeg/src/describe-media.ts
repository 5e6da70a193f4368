import { MediaJobError } from '@media-jobs/foundation';
import type { Ending } from './ending/ending.ts';
import type { AudioStream, DurationConfidence, MediaInfo, VideoStream } from './media-info.ts';
import { corrupt } from './corrupt.ts';
import { parseTimeTag, type ProbeAnswer, type ProbedStream } from './probe-answer.ts';

/** What is known of a file besides the answer of ffprobe. */
export interface ProbedFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** What ffprobe said on its error output. */
  readonly stderr: string;
  /** Seconds that the header of a WAV file promises, when that is more than the file holds. */
  readonly promisedSeconds?: number;
  readonly ending: Ending;
  /** Whether a file without sound is refused. */
  readonly needsAudio: boolean;
}

interface Duration {
  readonly durationSeconds?: number;
  readonly durationConfidence: DurationConfidence;
}

/** ffprobe's own trust in its guess of the container, of 100. MPEG files without tags have about 50; noise has 1. */
const leastProbeScore = 25;
/** Below is no sound, above no sound card; a header that says 1 Hz turns a small file into days. */
const sampleRates = [4_000, 768_000] as const;
const mostChannels = 64;
/** Containers that state how long they are. The others only allow a guess from size and bit rate. */
const statingFormats = new Set(['wav', 'w64', 'flac', 'ogg', 'mov', 'matroska', 'aiff', 'caf', 'mp3']);
/** What ffprobe says of an index that it could not read: a stream that it then does not name may well be there. */
const damage = /error reading|unsupported codec with id 0|could not find codec parameters|invalid|corrupt|truncat|moov atom not found|unspecified|damaged|out of range|overread|missing/i;
const guessMark = 'Estimating duration from bitrate';

/**
 * Turns the answer of ffprobe into facts that can be relied on. Throws `UNSUPPORTED_FORMAT`, `NO_AUDIO` and `BAD_STREAM`.
 */
export function describeMedia(answer: ProbeAnswer, file: ProbedFile): MediaInfo {
  const format = answer.format?.format_name ?? '';
  if (format === '' || (answer.format?.probe_score ?? 100) < leastProbeScore) throw unsupported(file.path, 'a file that resembles none of the formats');
  const streams = answer.streams ?? [];
  const declared = streams.filter(({ codec_type: type }) => type === 'audio');
  if (streams.length === 0 || (declared.length === 0 && file.needsAudio && (damage.test(file.stderr) || streams.some(({ codec_type: type }) => type === undefined)))) throw corrupt(file.path, file.stderr);
  if (declared.length === 0 && file.needsAudio) throw refuse('NO_AUDIO', file.path, 'at least one audio stream', 'none', 'Give a file that has sound.');
  const video = streams.filter((stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1).map(videoStream);
  const whole = durationOf(answer.format?.duration, format, file);
  const fileStart = answer.format?.start_time ?? 0;
  const audio = declared.flatMap((stream, index) => audioStream(stream, index, fileStart, streamDuration(stream, format, whole, video.length > 0, fileStart)) ?? []);
  if (audio.length === 0 && file.needsAudio) throw badStream(file.path, declared[0]);
  const warnings = [
    ...(audio.length < declared.length ? [`${declared.length - audio.length} of ${declared.length} audio streams declare impossible properties and are left out.`] : []),
    ...endingWarnings(file.ending, whole.durationConfidence),
  ];
  return Object.freeze({ format, ...whole, bytes: file.bytes, ending: file.ending, audio, video, warnings });
}

function endingWarnings(ending: Ending, confidence: DurationConfidence): readonly string[] {
  if (ending.state === 'cut') return [`The file is cut off: ${ending.reason}.`];
  if (ending.state === 'whole' || confidence === 'exact') return [];
  return [`The file does not state its duration exactly, and nothing tells whether its end is there: ${ending.reason}.`];
}

/** The stream that players take: the one marked as default, else the first. */
export function defaultAudioStream(info: MediaInfo): AudioStream {
  const first = info.audio[0];
  if (first === undefined) throw new RangeError('Expected at least one audio stream in a description, got none.');
  return info.audio.find(({ isDefault }) => isDefault) ?? first;
}

/** An `UNSUPPORTED_FORMAT` for `path`. */
export function unsupported(path: string, got: string): MediaJobError {
  return refuse('UNSUPPORTED_FORMAT', path, 'media of a format on the allow-list', got, 'Give an audio or video file; playlists and texts are not opened.');
}

function refuse(code: 'UNSUPPORTED_FORMAT' | 'NO_AUDIO' | 'BAD_STREAM', path: string, expected: string, got: string, advice: string): MediaJobError {
  return new MediaJobError(code, { message: `Expected ${JSON.stringify(path)} to have ${expected}, got ${got}.`, advice, facts: { path } });
}

function badStream(path: string, stream: ProbedStream | undefined): MediaJobError {
  const got = `${stream?.channels ?? 'no'} channels of ${stream?.sample_rate ?? 'unknown'} Hz`;
  return refuse('BAD_STREAM', path, `audio of 1 to ${mostChannels} channels and ${sampleRates[0]} to ${sampleRates[1]} Hz`, got, 'The file is damaged, or made to do harm; fetch it again.');
}

function audioStream(stream: ProbedStream, index: number, fileStart: number, duration: Duration): AudioStream | undefined {
  const { channels = 0, sample_rate: sampleRate = 0, channel_layout: channelLayout, bit_rate: bitRate, tags, disposition } = stream;
  if (!Number.isInteger(channels) || channels < 1 || channels > mostChannels || sampleRate < sampleRates[0] || sampleRate > sampleRates[1]) return undefined;
  return Object.freeze({
    index,
    codec: stream.codec_name ?? 'unknown',
    sampleRate,
    channels,
    ...(channelLayout === undefined ? {} : { channelLayout }),
    ...(bitRate === undefined ? {} : { bitRate }),
    ...(tags?.language === undefined ? {} : { language: tags.language }),
    isDefault: disposition?.default === 1,
    startSeconds: Math.max(0, (stream.start_time ?? fileStart) - fileStart),
    ...duration,
  });
}

function videoStream({ codec_name: codec = 'unknown', width, height }: ProbedStream): VideoStream {
  return Object.freeze({ codec, ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) });
}

function durationOf(declared: number | undefined, format: string, file: ProbedFile): Duration {
  if (file.promisedSeconds !== undefined) return { durationSeconds: file.promisedSeconds, durationConfidence: 'exact' };
  if (declared === undefined) return { durationConfidence: 'unknown' };
  const stated = statingFormats.has(format.split(',', 1)[0] ?? '') && !file.stderr.includes(guessMark);
  return { durationSeconds: declared, durationConfidence: stated ? 'exact' : 'estimated' };
}

/**
 * Seconds from the start of the file to the end of the stream. A stream may be shorter than the file; where only the
 * file's duration is known and there is video, that is a guess.
 */
function streamDuration(stream: ProbedStream, format: string, whole: Duration, hasVideo: boolean, fileStart: number): Duration {
  if (whole.durationConfidence !== 'exact') return whole;
  const end = format.startsWith('matroska') ? parseTimeTag(stream.tags?.DURATION) : format.startsWith('mov') ? endOf(stream) : undefined;
  if (end !== undefined) return { durationSeconds: Math.max(0, end - fileStart), durationConfidence: 'exact' };
  return hasVideo ? { ...whole, durationConfidence: 'estimated' } : whole;
}

function endOf({ duration, start_time: start = 0 }: ProbedStream): number | undefined {
  return duration === undefined ? undefined : start + duration;
}
