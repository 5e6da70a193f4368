import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One good file, of which others are made. */
export interface Base {
  /** Also the end of its name. */
  readonly extension: string;
  readonly container: string;
  readonly bytes: Buffer;
}

/** Length of each in seconds: long enough that a cut is more than the tolerance, short enough for thousands. */
export const baseSeconds = 4;

const sound = ['-f', 'lavfi', '-i', `anoisesrc=c=pink:a=0.2:d=${baseSeconds}:seed=7,aformat=channel_layouts=stereo:sample_rates=44100`];
const film = ['-f', 'lavfi', '-i', `testsrc2=s=96x64:r=10:d=${baseSeconds}`, ...sound];

/** What ffmpeg is told for each container; the first word is the end of the file's name. */
const recipes: readonly (readonly [extension: string, container: string, args: readonly string[]])[] = [
  ['wav', 'WAV', sound],
  ['w64', 'Wave64', sound],
  ['rf64.wav', 'RF64', [...sound, '-rf64', 'always']],
  ['mp3', 'MP3', sound],
  ['bare.mp3', 'MP3 without a header', [...sound, '-write_xing', '0']],
  ['aac', 'AAC (ADTS)', sound],
  ['flac', 'FLAC', sound],
  ['opus.ogg', 'Ogg (Opus)', [...sound, '-ar', '48000', '-c:a', 'libopus']],
  ['vorbis.ogg', 'Ogg (Vorbis)', [...sound, '-c:a', 'libvorbis']],
  ['m4a', 'MP4 (index at the end)', sound],
  ['fast.mp4', 'MP4 (index first)', [...film, '-c:v', 'mpeg4', '-c:a', 'aac', '-movflags', '+faststart']],
  ['fragments.mp4', 'MP4 (fragments)', [...sound, '-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov', '-frag_duration', '500000']],
  ['mov', 'MOV', [...film, '-c:v', 'mpeg4', '-c:a', 'pcm_s16be']],
  ['mkv', 'Matroska', [...film, '-c:v', 'mpeg4', '-c:a', 'aac']],
  ['live.webm', 'WebM (live)', [...sound, '-ar', '48000', '-c:a', 'libopus', '-live', '1']],
  ['ts', 'MPEG-TS', [...film, '-c:v', 'mpeg2video', '-c:a', 'aac']],
  ['mpg', 'MPEG-PS', [...film, '-c:v', 'mpeg2video', '-r', '25', '-c:a', 'mp2']],
  ['avi', 'AVI', [...film, '-c:v', 'mpeg4', '-c:a', 'mp3']],
  ['flv', 'FLV', [...film, '-c:v', 'flv', '-c:a', 'mp3']],
  ['wma', 'ASF', sound],
  ['aiff', 'AIFF', sound],
  ['caf', 'CAF', sound],
  ['ac3', 'AC-3', sound],
];

/** Makes all good files. AMR is put together by hand: most builds of ffmpeg cannot write it. */
export function makeBases(folder: string): readonly Base[] {
  const made = recipes.map(([extension, container, args]) => {
    const file = join(folder, `base.${extension}`);
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-bitexact', ...args, '-fflags', '+bitexact', file]);
    return { extension, container, bytes: readFileSync(file) };
  });
  return [...made, { extension: 'amr', container: 'AMR', bytes: amr() }];
}

/** Frames of 12.2 kbit/s with noise in them, 20 ms each. */
function amr(): Buffer {
  const frames = Array.from({ length: baseSeconds * 50 }, (_, index) => Buffer.from([0x3c, ...Array.from({ length: 31 }, (__, byte) => (index * 131 + byte * 71) & 255)]));
  return Buffer.concat([Buffer.from('#!AMR\n'), ...frames]);
}
