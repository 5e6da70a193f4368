import { allowedDecoders, allowedFormats } from './formats.ts';

/** Sample rate of everything that is decoded here: what speech recognisers take. */
export const speechSampleRate = 16_000;

/** ffprobe reads at most so many bytes, and so many microseconds of media, before it answers. */
const [probeBytes, probeDuration] = ['10M', '10M'];

/** Taken from the environment of ffmpeg and ffprobe, or set in it: what would make them write reports, colour their messages, or use a network. */
export const programEnvironment = Object.freeze({
  FFREPORT: undefined,
  AV_LOG_FORCE_COLOR: undefined,
  AV_LOG_FORCE_NOCOLOR: '1',
  http_proxy: undefined,
});

const shownEntries = [
  'format=format_name,duration,start_time,size,bit_rate,probe_score,nb_streams',
  'stream=index,codec_type,codec_name,sample_rate,channels,channel_layout,duration,start_time,bit_rate,width,height',
  'stream_disposition=default,attached_pic',
  'stream_tags=language,DURATION',
].join(':');

/** Arguments that ffmpeg and ffprobe need before each input, so that a hostile file reads nothing but itself. */
export function inputGuards(maxAllocBytes: number): string[] {
  return ['-max_alloc', String(maxAllocBytes), '-protocol_whitelist', 'file', '-format_whitelist', allowedFormats.join(',')];
}

/** Processor time, in seconds, that no run of so many threads comes to within its time limit: it only matters when nobody watches. */
export function cpuSecondsFor(timeoutMs: number, threads: number): number {
  return Math.ceil((timeoutMs / 1000) * threads) + 1;
}

/** The arguments by which ffmpeg ends itself after so much processor time; Windows has no such limit. */
export function cpuLimit(cpuSeconds: number): string[] {
  return process.platform === 'win32' ? [] : ['-timelimit', String(cpuSeconds)];
}

/** A path as ffmpeg takes it: with its protocol, so that a colon or a leading dash in it means nothing. */
export function fileUrl(path: string): string {
  return `file:${path}`;
}

/** What `probeArguments` needs. */
export interface ProbeArguments {
  /** Absolute. */
  readonly file: string;
  readonly maxAllocBytes: number;
}

/** Arguments for ffprobe: the properties of a file as JSON. Warnings are let through, because only they tell of guessed durations. */
export function probeArguments({ file, maxAllocBytes }: ProbeArguments): readonly string[] {
  return [
    '-hide_banner', '-v', 'warning', '-of', 'json', ...inputGuards(maxAllocBytes),
    '-analyzeduration', probeDuration, '-probesize', probeBytes, '-show_error', '-show_entries', shownEntries, '-i', fileUrl(file),
  ];
}

/** How much steady noise is taken away: at most 10 dB, or 16. */
export type Denoise = 'off' | 'light' | 'medium';

/** Decibels that are taken away. */
const denoiseDb = Object.freeze({ light: 10, medium: 16 } as const);

/** Noise below -45 dB at first; then the filter follows what it finds. */
export function denoiseFilter(strength: Exclude<Denoise, 'off'>): string {
  return `afftdn=nr=${denoiseDb[strength]}:nf=-45:tn=1`;
}

/** Which channels of the input become the output. */
export type DecodedChannels = 'mix' | 'left' | 'right' | 'both';

/** What `decodeArguments` needs. */
export interface DecodeArguments {
  /** Absolute. */
  readonly file: string;
  /** Number of the stream among the audio streams. */
  readonly stream: number;
  readonly channels: DecodedChannels;
  /** Corner of the high-pass in Hz; undefined for none. */
  readonly highpassHz: number | undefined;
  readonly denoise: Denoise;
  /** Where to start, in seconds of the file; the first sample is then that of this moment. Default: at the first sample of the stream. */
  readonly fromSeconds?: number | undefined;
  readonly maxAllocBytes: number;
  readonly maxOutputBytes: number;
  readonly maxSeconds: number;
  /** Processor time after which the kernel ends it, also when nobody watches any more. */
  readonly cpuSeconds: number;
  readonly threads: number;
}

/** Arguments for ffmpeg: one audio stream as raw 32-bit float samples of 16 kHz on its standard output. */
export function decodeArguments(options: DecodeArguments): readonly string[] {
  const { file, stream, cpuSeconds, threads, maxAllocBytes, maxSeconds, maxOutputBytes } = options;
  return [
    '-hide_banner', '-nostdin', '-nostats', '-v', 'error', '-y',
    ...cpuLimit(cpuSeconds),
    ...inputGuards(maxAllocBytes), '-codec_whitelist', allowedDecoders.join(','), '-threads', String(threads),
    ...(options.fromSeconds === undefined ? [] : ['-ss', options.fromSeconds.toFixed(6)]), '-i', fileUrl(file),
    '-map', `0:a:${stream}`, '-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1', '-t', String(maxSeconds),
    '-af', filterChain(options), '-c:a', 'pcm_f32le', '-ar', String(speechSampleRate), '-fs', String(maxOutputBytes), '-f', 'f32le', 'pipe:1',
  ];
}

/** What `measureArguments` needs. */
export interface MeasureArguments extends Pick<DecodeArguments, 'file' | 'stream' | 'maxAllocBytes' | 'maxSeconds' | 'cpuSeconds' | 'threads'> {
  /** A chain whose last filter says what it measured. */
  readonly filters: string;
}

/** Arguments for ffmpeg: one audio stream through filters that measure, and nowhere else. What they say comes on the error output. */
export function measureArguments({ file, stream, filters, maxAllocBytes, maxSeconds, cpuSeconds, threads }: MeasureArguments): readonly string[] {
  return [
    '-hide_banner', '-nostdin', '-nostats', '-v', 'info', '-y', '-progress', 'pipe:1', ...cpuLimit(cpuSeconds),
    ...inputGuards(maxAllocBytes), '-codec_whitelist', allowedDecoders.join(','), '-threads', String(threads), '-i', fileUrl(file),
    '-map', `0:a:${stream}`, '-vn', '-sn', '-dn', '-t', String(maxSeconds), '-af', filters, '-f', 'null', '-',
  ];
}

/**
 * Mixing down and resampling come first: all that follows works on a sixth of the samples or less. Gaps in the timestamps
 * become silence, so that the time line of the file is kept.
 */
function filterChain({ channels, highpassHz, denoise, fromSeconds }: Pick<DecodeArguments, 'channels' | 'highpassHz' | 'denoise' | 'fromSeconds'>): string {
  const picked = { mix: '', both: '', left: 'pan=mono|c0=c0,', right: 'pan=mono|c0=c1,' }[channels];
  const layout = channels === 'both' ? 'stereo' : 'mono';
  const highpass = highpassHz === undefined ? '' : `,highpass=f=${highpassHz}`;
  return `${picked}aformat=sample_fmts=fltp:channel_layouts=${layout},aresample=${speechSampleRate}:async=1${fromSeconds === undefined ? '' : ':first_pts=0'}${highpass}${denoise === 'off' ? '' : `,${denoiseFilter(denoise)}`}`;
}
