import { extname } from 'node:path';
import { invalidOption } from '../option-checks.ts';

/** How a kind of output file is written, and what its size can be predicted from. */
export interface OutputFormat {
  /** By ffmpeg's name. */
  readonly muxer: string;
  /** `samples`: uncompressed or without loss · `coded`: by a lossy codec, or anything else · `raw`: no container, so nothing to read back · `picture`: one image. */
  readonly kind: 'samples' | 'coded' | 'raw' | 'picture';
}

const make = (kind: OutputFormat['kind'], ...muxers: readonly string[]): readonly (readonly [string, OutputFormat])[] => muxers.map((muxer) => [muxer, Object.freeze({ muxer, kind })]);

/** Muxers that write one file, the one they are told to. Those that write playlists, segments or to several places are not among them. */
const formats: ReadonlyMap<string, OutputFormat> = new Map([
  ...make('samples', 'wav', 'w64', 'flac', 'aiff', 'caf'),
  ...make('coded', 'mp3', 'adts', 'ogg', 'opus', 'ipod', 'mp4', 'mov', '3gp', 'matroska', 'webm', 'mpegts', 'flv', 'avi', 'asf', 'amr', 'ac3'),
  ...make('raw', 's16le', 's24le', 's32le', 'f32le', 'u8'),
  ...make('picture', 'image2pipe'),
]);

const muxerOf: Readonly<Record<string, string>> = Object.freeze({
  '.wav': 'wav', '.w64': 'w64', '.flac': 'flac', '.aiff': 'aiff', '.aif': 'aiff', '.caf': 'caf', '.mp3': 'mp3', '.aac': 'adts', '.ogg': 'ogg', '.oga': 'ogg', '.opus': 'opus',
  '.m4a': 'ipod', '.mp4': 'mp4', '.m4v': 'mp4', '.mov': 'mov', '.3gp': '3gp', '.mkv': 'matroska', '.mka': 'matroska', '.webm': 'webm', '.ts': 'mpegts', '.flv': 'flv', '.avi': 'avi',
  '.wma': 'asf', '.wmv': 'asf', '.asf': 'asf', '.amr': 'amr', '.ac3': 'ac3', '.png': 'image2pipe', '.jpg': 'image2pipe', '.jpeg': 'image2pipe',
});

/** The format of an output file, by its name or else as it is asked for. Throws `INVALID_OPTION`. */
export function outputFormat(file: string, asked: string | undefined): OutputFormat {
  const found = formats.get(asked ?? muxerOf[extname(file).toLowerCase()] ?? '');
  if (found !== undefined) return found;
  if (asked !== undefined) throw invalidOption('format', `one of ${[...formats.keys()].join(', ')}`, asked);
  throw invalidOption('file', `a name that ends in one of ${Object.keys(muxerOf).join(' ')}, or a \`format\` beside it`, file);
}
