import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createTempFiles } from '@media-jobs/cleanup';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createConcurrencyGate } from '../concurrency-gate.ts';
import { createFfmpeg, type Ffmpeg } from '../ffmpeg.ts';
import { fakeProgram } from '../testing/fake-ffmpeg.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import type { RunRequest } from './run-media.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
let [film, tone] = ['', ''];

beforeAll(() => {
  film = bench.make('film.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=4', '-f', 'lavfi', '-i', 'sine=d=4', '-metadata', 'title=kept');
  tone = bench.make('tone.flac', '-f', 'lavfi', '-i', 'sine=f=300:d=6');
});
afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

const codeOf = async (request: RunRequest, tool: Ffmpeg = ffmpeg): Promise<string> => (await failure(tool.run(request))).code;
const out = (name: string): string => bench.path(name);

describe('what it does', () => {
  test('several inputs become several outputs by one graph, with progress', async () => {
    const ratios: number[] = [];
    const { outputs, seconds, warnings } = await ffmpeg.run(
      {
        inputs: [film, { file: tone, args: ['-ss', '1'] }],
        args: ['-filter_complex', '[0:a][1:a]amix=duration=longest,asplit[a][b]'],
        outputs: [{ file: out('mix.opus'), args: ['-map', '[a]', '-c:a', 'libopus', '-b:a', '24k'] }, { file: out('mix.wav'), args: ['-map', '[b]'], expectedSeconds: 5 }],
      },
      { onProgress: ({ ratio }) => void ratios.push(ratio) },
    );
    expect(outputs.map(({ path }) => path)).toEqual([out('mix.opus'), out('mix.wav')]);
    for (const { path, bytes, durationSeconds } of outputs) {
      expect(statSync(path).size).toBe(bytes);
      expect(durationSeconds).toBeCloseTo(5, 1);
    }
    expect(seconds).toBeCloseTo(5, 1);
    expect(warnings).toEqual([]);
    expect(ratios.at(-1)).toBe(1);
  });

  test('a video is copied without a decoder for it, and a picture is made with one', async () => {
    const { outputs } = await ffmpeg.run({
      inputs: [{ file: film, decoders: ['h264'] }],
      outputs: [{ file: out('copy.mkv'), args: ['-c', 'copy'] }, { file: out('still.png'), args: ['-frames:v', '1', '-c:v', 'png'] }],
    });
    expect(outputs[0]?.durationSeconds).toBeCloseTo(4, 0);
    expect(readFileSync(out('still.png')).subarray(1, 4).toString()).toBe('PNG');
    expect((await ffmpeg.probe(out('copy.mkv'))).video).toHaveLength(1);
  });

  test('unfinished files are made by the temp files of the instance', async () => {
    const made: (string | undefined)[] = [];
    const temp = createTempFiles({ folder: bench.path('temp') });
    const tool = createFfmpeg({ temp: { ...temp, file: (options) => (made.push(options?.near), temp.file(options)) } });
    await tool.run({ inputs: [tone], outputs: [{ file: out('ledger.wav') }] });
    expect(made).toEqual([out('ledger.wav')]);
  });
});

describe('what it refuses before it starts', () => {
  test.each<[string, Partial<RunRequest>]>([
    ['an output among the arguments', { args: ['-vn', 'other.wav'] }],
    ['an output behind a flag that we do not know', { args: ['-unknownflag', '-vn', 'other.wav'] }],
    ['an input among the arguments', { args: ['-i', 'secret.wav'] }],
    ['a value that is missing', { args: ['-map'] }],
    ['a guard undone', { inputs: [{ file: 'x', args: ['-protocol_whitelist', 'file,http,tcp'] }] }],
    ['a guard undone by its opposite', { args: ['-nostdin'] }],
    ['a format of its own', { inputs: [{ file: 'x', args: ['-f', 'lavfi'] }] }],
    ['a script of filters', { args: ['-filter_complex_script', '/etc/passwd'] }],
    ['a report', { args: ['-report'] }],
    ['a filter that opens a file', { args: ['-af', 'anull,amovie=/etc/passwd'] }],
    ['a filter that opens a port', { args: ['-filter:a:0', 'azmq'] }],
    ['a filter under a name of its own', { args: ['-filter_complex', '[0:a]anull[x];movie@m=secret.mp4[y]'] }],
    ['an odd decoder', { inputs: [{ file: 'x', decoders: ['h264,all'] }] }],
    ['a playlist as output', { outputs: [{ file: 'out.m3u8' }] }],
    ['segments as output', { outputs: [{ file: 'out.wav', format: 'segment' }] }],
    ['one file twice', { outputs: [{ file: 'out.wav' }, { file: './out.wav' }] }],
    ['no input', { inputs: [] }],
    ['no output', { outputs: [] }],
  ])('%s', async (_, request) => {
    expect(await codeOf({ inputs: ['missing.wav'], outputs: [{ file: 'missing-too.wav' }], ...request })).toBe('INVALID_OPTION');
  });

  test('the input as output, also through a link, and a file that is there', async () => {
    symlinkSync(tone, out('link.flac'));
    writeFileSync(out('there.wav'), 'mine');
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('link.flac') }], overwrite: true })).toBe('INPUT_IS_OUTPUT');
    expect(await codeOf({ inputs: [film, tone], outputs: [{ file: tone }], overwrite: true })).toBe('INPUT_IS_OUTPUT');
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('there.wav') }] })).toBe('OUTPUT_EXISTS');
    expect(readFileSync(out('there.wav'), 'utf8')).toBe('mine');
  });

  test('a playlist under a media name', async () => {
    writeFileSync(out('list.mp3'), `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://${tone}\n#EXT-X-ENDLIST\n`);
    expect(await codeOf({ inputs: [tone, out('list.mp3')], outputs: [{ file: out('no.wav') }] })).toBe('UNSUPPORTED_FORMAT');
  });
});

describe('what it finds although ffmpeg ends well, or not at all', () => {
  test('arguments that ffmpeg does not take, decoders that are not allowed, and encoders that are not there', async () => {
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('no.wav'), args: ['-no_such_option_x', '1'] }] })).toBe('INVALID_OPTION');
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('no.wav'), args: ['-map', '0:v:3'] }] })).toBe('INVALID_OPTION');
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('no.mp3'), args: ['-c:a', 'no_such_encoder'] }] })).toBe('PROGRAM_UNFIT');
    expect(await codeOf({ inputs: [film], outputs: [{ file: out('no.png'), args: ['-frames:v', '1', '-c:v', 'png'] }] })).toBe('INVALID_OPTION');
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('no.'))).toEqual([]);
  });

  test('nothing, and less than was expected', async () => {
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('no.wav'), args: ['-ss', '100'] }] })).toBe('EMPTY_OUTPUT');
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('no.wav'), args: ['-t', '2'], expectedSeconds: 6 }] })).toBe('TRUNCATED');
  });

  test('an output without end stops at its cap, by size or by length', async () => {
    const endless = { inputs: [{ file: tone, args: ['-stream_loop', '-1'] }], outputs: [{ file: out('no.wav'), maxBytes: 4_000_000 }] };
    expect(await codeOf(endless)).toBe('OUTPUT_LIMIT');
    expect(await codeOf({ ...endless, outputs: [{ file: out('no.wav'), maxBytes: 2 ** 40 }] }, createFfmpeg({ limits: { maxDurationSeconds: 60 }, disk: { reserveBytes: 0 } }))).toBe('TOO_LONG');
  });

  test('an input that is a folder away stays unread when one output cannot be put in its place', async () => {
    mkdirSync(out('taken.wav'));
    expect(await codeOf({ inputs: [tone], outputs: [{ file: out('first.wav') }, { file: out('taken.wav') }], overwrite: true })).toBe('OUTPUT_UNWRITABLE');
    expect(existsSync(out('first.wav'))).toBe(false);
  });
});

describe('programs that are no ffmpeg', () => {
  /** The file that the last argument names. */
  const part = 'for last; do :; done; part="${last#file:}";';
  const fakes: readonly (readonly [string, string, RegExp])[] = [
    ['says nothing', 'exec sleep 100', /STALLED/],
    ['ignores TERM', `trap '' TERM; while :; do sleep 0.05; done`, /STALLED/],
    ['floods its error output', 'yes trouble >&2', /STALLED/],
    ['repeats the same progress for ever', 'yes "out_time_us=1000000"', /STALLED/],
    ['goes back in its progress', 'echo out_time_us=5000000; while :; do echo "out_time_us=1"; sleep 0.01; done', /STALLED/],
    ['says half a line', 'printf out_time_us=99; exec sleep 100', /STALLED/],
    ['says a line without end', `tr '\\0' 9 < /dev/zero`, /STALLED/],
    ['lies that it got far', 'echo out_time_us=999999999999999; exec sleep 100', /TOO_LONG/],
    ['lies that it is done', 'echo out_time_us=6000000; echo progress=end', /EMPTY_OUTPUT/],
    ['ends with 0 and nothing', 'exit 0', /EMPTY_OUTPUT/],
    ['ends with 0 and rubbish', `${part} echo rubbish > "$part"; echo out_time_us=6000000`, /EMPTY_OUTPUT/],
    ['writes without end', `${part} exec cat /dev/zero > "$part"`, /OUTPUT_LIMIT/],
    ['removes its output', `${part} rm "$part"; echo out_time_us=6000000`, /EMPTY_OUTPUT/],
    ['leaves somebody who holds its pipe', 'sleep 100 & exit 0', /EMPTY_OUTPUT/],
    ['crashes', 'kill -SEGV $$', /PROGRAM_CRASHED/],
    ['is killed', 'kill -KILL $$', /PROGRAM_KILLED/],
    ['uses up its processor time', 'kill -XCPU $$', /TIMEOUT/],
  ];
  const codes = new Map<string, Promise<string>>();

  /** Most spend their time waiting to be found out, so they wait together, a few at a time. */
  beforeAll(async () => {
    const turns = createConcurrencyGate(4);
    for (const [index, [name, body, code]] of fakes.entries()) {
      // On a busy machine a program that does its work may need longer than this to start.
      const limits = code.source === 'STALLED' ? { openTimeoutMs: 700, stallMs: 700 } : {};
      const tool = createFfmpeg({ binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', `ffmpeg-${index}`, body) }, limits });
      const turn = await turns.enter({});
      codes.set(name, codeOf({ inputs: [tone], outputs: [{ file: out(`fake-${index}.wav`) }] }, tool).finally(() => turn[Symbol.dispose]()));
    }
    await Promise.all(codes.values());
  });

  test.each(fakes)('one that %s', async (name, _, code) => {
    expect(await codes.get(name)).toMatch(code);
  });

  test('none of them leaves a file', () => {
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('fake-'))).toEqual([]);
  });
});
