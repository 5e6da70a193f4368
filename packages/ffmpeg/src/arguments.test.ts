import { expect, test } from 'vitest';
import { decodeArguments, probeArguments, type DecodeArguments } from './arguments.ts';

const base: DecodeArguments = { file: '/in/a.mp3', stream: 1, channels: 'mix', highpassHz: 80, denoise: 'off', maxAllocBytes: 1e8, maxOutputBytes: 5e6, maxSeconds: 60, cpuSeconds: 90, threads: 2 };
const before = (args: readonly string[], name: string): boolean => args.indexOf(name) >= 0 && args.indexOf(name) < args.indexOf('-i');

test('all guards of an input stand before it, and its name bears its protocol', () => {
  for (const args of [probeArguments(base), decodeArguments(base)]) {
    for (const guard of ['-max_alloc', '-protocol_whitelist', '-format_whitelist']) expect(before(args, guard)).toBe(true);
    expect(args[args.indexOf('-i') + 1]).toBe('file:/in/a.mp3');
    expect(args[args.indexOf('-protocol_whitelist') + 1]).toBe('file');
  }
});

test('no list holds a format that names other files', () => {
  const formats = (probeArguments(base)[probeArguments(base).indexOf('-format_whitelist') + 1] ?? '').split(',');
  for (const format of ['hls', 'concat', 'dash', 'sdp', 'rtsp', 'image2', 'lavfi', 'tty', 'imf']) expect(formats).not.toContain(format);
});

test('decoding is capped in time, size, processor time and kinds of streams', () => {
  const args = decodeArguments(base).join(' ');
  for (const part of ['-nostdin', '-timelimit 90', '-codec_whitelist', '-map 0:a:1', '-vn -sn -dn', '-t 60', '-fs 5000000', '-ar 16000 -fs', '-threads 2 -i', '-map_metadata -1 -map_chapters -1']) expect(args).toContain(part);
});

test.each([
  ['mix', 'aformat=sample_fmts=fltp:channel_layouts=mono,aresample=16000:async=1,highpass=f=80'],
  ['left', 'pan=mono|c0=c0,aformat=sample_fmts=fltp:channel_layouts=mono,aresample=16000:async=1,highpass=f=80'],
  ['right', 'pan=mono|c0=c1,aformat=sample_fmts=fltp:channel_layouts=mono,aresample=16000:async=1,highpass=f=80'],
  ['both', 'aformat=sample_fmts=fltp:channel_layouts=stereo,aresample=16000:async=1,highpass=f=80'],
] as const)('%s: resampling comes before the high-pass', (channels, chain) => {
  const args = decodeArguments({ ...base, channels });
  expect(args[args.indexOf('-af') + 1]).toBe(chain);
});

test('noise is taken away last, from a sixth of the samples', () => {
  const args = decodeArguments({ ...base, denoise: 'medium' });
  expect(args[args.indexOf('-af') + 1]).toMatch(/highpass=f=80,afftdn=nr=16:nf=-45:tn=1$/);
});

test('ffprobe is not given the list of decoders, with which it fails on any video', () => {
  expect(probeArguments(base)).not.toContain('-codec_whitelist');
});
