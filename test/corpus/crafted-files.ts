import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namingTexts } from '../../packages/ffmpeg/src/testing/naming-texts.ts';
import { withCoverBomb } from '../../packages/ffmpeg/src/testing/picture-bomb.ts';
import type { Base } from './bases.ts';

/** A file that no mutation would come upon. */
export interface Crafted {
  /** Row of the table. */
  readonly kind: string;
  readonly name: string;
  /** Writes it. */
  readonly make: (path: string) => void;
  /** Codes that are right; any when left out. */
  readonly codes?: readonly string[];
}

const twentyGigabytes = 20_000_000_000;
const run = (...args: readonly string[]): unknown => execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
const sparse = (path: string, head: Buffer, size: number): void => {
  writeFileSync(path, head);
  truncateSync(path, size);
};
const patched = (bytes: Buffer, patch: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  patch(copy);
  return copy;
};

/** All crafted files. Those that name something name a secret beside them and a port on which nobody may call. */
export function craftedFiles(bases: readonly Base[]): readonly Crafted[] {
  const base = (extension: string): Buffer => bases.find((candidate) => candidate.extension === extension)?.bytes as Buffer;
  return [...lies(base), ...bombs(base), ...noFiles(base), ...playlists()];
}

function lies(base: (extension: string) => Buffer): readonly Crafted[] {
  const wav = (name: string, patch: (copy: Buffer) => void, codes?: readonly string[]): Crafted => ({ kind: 'lying head', name, make: (path) => writeFileSync(path, patched(base('wav'), patch)), ...(codes && { codes }) });
  return [
    wav('hertz-1.wav', (bytes) => void bytes.writeUInt32LE(1, 24), ['BAD_STREAM', 'CORRUPT']),
    wav('hertz-0.wav', (bytes) => void bytes.writeUInt32LE(0, 24)),
    wav('hertz-4g.wav', (bytes) => void bytes.writeUInt32LE(0xffff_ffff, 24)),
    wav('channels-65535.wav', (bytes) => void bytes.writeUInt16LE(65_535, 22), ['BAD_STREAM', 'CORRUPT', 'UNSUPPORTED_FORMAT']),
    wav('channels-0.wav', (bytes) => void bytes.writeUInt16LE(0, 22)),
    wav('bits-0.wav', (bytes) => void bytes.writeUInt16LE(0, 34)),
    wav('block-0.wav', (bytes) => void bytes.writeUInt16LE(0, 32)),
    wav('size-huge.wav', (bytes) => void bytes.writeUInt32LE(0x7fff_fff0, bytes.indexOf('data') + 4), ['TRUNCATED', 'TOO_LONG']),
    wav('size-unknown.wav', (bytes) => void bytes.writeUInt32LE(0xffff_ffff, bytes.indexOf('data') + 4), ['ok']),
    {
      kind: 'lying head',
      name: 'duration-years.m4a',
      make: (path) => writeFileSync(path, patched(base('m4a'), (bytes) => void bytes.writeUInt32BE(0x7fff_ffff, bytes.indexOf('mvhd') + 20))),
    },
    {
      kind: 'lying head',
      name: 'duration-track.m4a',
      make: (path) => writeFileSync(path, patched(base('m4a'), (bytes) => void bytes.writeUInt32BE(0x7fff_ffff, bytes.indexOf('mdhd') + 20))),
    },
    { kind: 'lying head', name: 'table-huge.m4a', make: (path) => writeFileSync(path, patched(base('m4a'), (bytes) => void bytes.writeUInt32BE(2 ** 28, bytes.indexOf('stsz') + 12))) },
    { kind: 'lying head', name: 'delta-huge.m4a', make: (path) => writeFileSync(path, patched(base('m4a'), (bytes) => void bytes.writeUInt32BE(0x7f_ffff, bytes.indexOf('stts') + 16))) },
  ];
}

function bombs(base: (extension: string) => Buffer): readonly Crafted[] {
  const metadata = (name: string, text: (path: string) => string): Crafted => ({
    kind: 'tags and chapters',
    name,
    make(path) {
      writeFileSync(`${path}.txt`, text(path));
      writeFileSync(`${path}.base`, base('m4a'));
      run('-i', `${path}.base`, '-i', `${path}.txt`, '-map_metadata', '1', '-map_chapters', '1', '-c', 'copy', path);
    },
  });
  const tone = ['-f', 'lavfi', '-i', 'sine=d=10'];
  return [
    { kind: 'bomb', name: 'day-of-silence.flac', make: (path) => run('-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '3000', '-c:a', 'flac', '-frame_size', '65535', path), codes: ['TOO_LONG'] },
    { kind: 'bomb', name: 'cover.mp3', make: (path) => writeFileSync(path, withCoverBomb(base('bare.mp3'), 16_000)) },
    { kind: 'bomb', name: 'streams-600.mkv', make: (path) => run(...tone, ...Array.from({ length: 600 }, () => ['-map', '0']).flat(), '-c:a', 'pcm_u8', '-ar', '8000', '-t', '0.1', path) },
    metadata('tags-10mb.m4a', () => `;FFMETADATA1\ntitle=${'x'.repeat(10_000_000)}\n`),
    metadata('tags-proto.m4a', () => ';FFMETADATA1\n__proto__=x\nconstructor=y\ntitle=\u0001\u001b[31m\n'),
    metadata('chapters-20000.m4a', () => `;FFMETADATA1\n${Array.from({ length: 20_000 }, (_, index) => `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${index}\nEND=${index + 1}\ntitle=${index}\n`).join('')}`),
    { kind: 'timestamp gap', name: 'gap-100h.mkv', make: (path) => run(...tone, '-c:a', 'aac', '-bsf:a', "setts=ts='if(gt(N,200),TS+360000000,TS)'", path) },
    { kind: 'timestamp gap', name: 'gap-20min.mkv', make: (path) => run(...tone, '-c:a', 'aac', '-bsf:a', "setts=ts='if(gt(N,200),TS+1200000,TS)'", path) },
    { kind: 'timestamp gap', name: 'gap-back.mkv', make: (path) => run(...tone, '-c:a', 'aac', '-bsf:a', "setts=ts='if(gt(N,200),TS-3000,TS)'", path) },
  ];
}

function noFiles(base: (extension: string) => Buffer): readonly Crafted[] {
  const zeros = ['mp3', 'mkv', 'flac', 'ts', 'bare.mp3', 'opus.ogg', 'aac', 'avi', 'flv', 'mpg'].map((extension): Crafted => ({ kind: '20 GB of zeros behind', name: `tail.${extension}`, make: (path) => sparse(path, base(extension), twentyGigabytes) }));
  const links = ['/dev/zero', '/dev/random', '/dev/null', '/dev/stdin'].map((device): Crafted => ({ kind: 'no regular file', name: `${device.slice(5)}.mp3`, make: (path) => symlinkSync(device, path) }));
  return [
    ...zeros,
    ...links,
    { kind: '20 GB of zeros', name: 'zeros.mp3', make: (path) => sparse(path, Buffer.alloc(1), twentyGigabytes), codes: ['INPUT_ALL_ZERO'] },
    { kind: '20 GB of zeros behind', name: 'unknown.wav', make: (path) => sparse(path, patched(base('wav'), (bytes) => void bytes.writeUInt32LE(0xffff_ffff, bytes.indexOf('data') + 4)), twentyGigabytes), codes: ['TOO_LONG', 'OUTPUT_LIMIT'] },
    { kind: 'no regular file', name: 'pipe.wav', make: (path) => execFileSync('mkfifo', [path]), codes: ['INPUT_NOT_FILE'] },
    { kind: 'no regular file', name: 'folder.mp4', make: (path) => mkdirSync(path), codes: ['INPUT_NOT_FILE'] },
    { kind: 'no regular file', name: 'circle.mp4', make: (path) => symlinkSync('circle.mp4', path), codes: ['INPUT_NOT_FILE'] },
    { kind: 'no regular file', name: 'nowhere.mp4', make: (path) => symlinkSync('/nonexistent/x', path), codes: ['INPUT_MISSING'] },
    { kind: 'no media', name: 'empty.mp4', make: (path) => writeFileSync(path, ''), codes: ['INPUT_EMPTY'] },
    { kind: 'no media', name: 'byte.wav', make: (path) => writeFileSync(path, 'R') },
    { kind: 'no media', name: 'text.mp3', make: (path) => writeFileSync(path, 'This is no song.\n'.repeat(200)), codes: ['UNSUPPORTED_FORMAT'] },
    { kind: 'no media', name: 'hole.ogg', make: (path) => sparse(path, Buffer.alloc(1), 70_000), codes: ['INPUT_ALL_ZERO'] },
  ];
}

function playlists(): readonly Crafted[] {
  return Object.entries(namingTexts).map(([name, text]) => ({
    kind: 'names other files',
    name,
    make: (path) => writeFileSync(path, text.replaceAll('SECRET', join(path, '..', 'secret.wav')).replaceAll('PORT', '9')),
    codes: ['UNSUPPORTED_FORMAT', 'CORRUPT'],
  }));
}
