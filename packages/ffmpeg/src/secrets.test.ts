import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeArguments, probeArguments } from './arguments.ts';
import { createConcurrencyGate } from './concurrency-gate.ts';
import { createFfmpeg } from './ffmpeg.ts';
import { withForeignReference } from './testing/foreign-reference.ts';
import { namingTexts } from './testing/naming-texts.ts';
import { createWorkbench } from './testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg({ concurrency: 8, niceness: 0 });
const tone = ['-f', 'lavfi', '-i', 'sine=f=777:d=2'];
const secrets = ['secret.wav', 'secret.mp3', 'secret.ts', 'secret.m4a'].map((name) => bench.make(name, ...tone));
const picture = bench.make('secret.png', '-f', 'lavfi', '-i', 'testsrc2=s=64x48', '-frames:v', '1');
const foreign = withForeignReference(readFileSync(bench.path('secret.m4a')), 'secret.m4a');

/** Names that ffmpeg takes for something else than a file in the folder. */
const names: readonly string[] = ['concat:SECRET|SECRET', 'subfile,,start,0,end,0,,:SECRET', 'async:SECRET', 'cache:SECRET', 'file:SECRET', 'http://127.0.0.1:PORT/a.wav', 'tcp://127.0.0.1:PORT', 'rtmp://127.0.0.1:PORT/a', 'FOLDER/secret%02d.png'];
const tricks: readonly string[] = [...Object.keys(namingTexts), 'reference-beside.mov', ...names];

/** Without guards these wait for ever. */
const endless = new Set(['hls-live.mp4', 'hls-self.mkv', 'sdp.mp3']);

/** Files that were read long ago are noted as read when they are read again. */
const longAgo = new Date('2001-01-01');
const everyProtocol = 'file,http,https,tcp,udp,rtp,rtmp,crypto,data,subfile,async,cache,concat,hls';

/** Who is given a trick: the whole of this package, one of its two programs with nothing before it, or ffmpeg as it is. */
const readers = ['prepareSpeech', 'ffprobe', 'ffmpeg', 'ffmpeg without guards'] as const;
type Reader = (typeof readers)[number];

interface Outcome {
  readonly trick: string;
  readonly reader: Reader;
  /** Secrets that were read. */
  readonly read: readonly string[];
  readonly connections: number;
  /** How the package ended it. */
  readonly code: string;
}

const exits = (program: string, args: readonly string[]): Promise<string> => new Promise((resolve) => {
  execFile(program, args, { timeout: 30_000, killSignal: 'SIGKILL' }, (error) => resolve(error === null ? 'ok' : 'failed'));
});

function run(reader: Reader, trick: string, file: string, folder: string): Promise<string> {
  const decoding = { file, stream: 0, channels: 'mix', highpassHz: undefined, denoise: 'off', maxAllocBytes: 2 ** 28, maxOutputBytes: 1e7, maxSeconds: 10, cpuSeconds: 4, threads: 1 } as const;
  switch (reader) {
    case 'prepareSpeech':
      return ffmpeg.prepareSpeech(file, join(folder, 'out.wav')).then(() => 'ok', ({ code }: { readonly code: string }) => code);
    case 'ffprobe':
      return exits('ffprobe', probeArguments({ file, maxAllocBytes: 2 ** 28 }));
    case 'ffmpeg':
      return exits('ffmpeg', decodeArguments(decoding));
    case 'ffmpeg without guards':
      return exits('ffmpeg', ['-v', 'error', '-nostdin', '-protocol_whitelist', everyProtocol, ...(trick.startsWith('concat-') ? ['-f', 'concat', '-safe', '0'] : []), ...(trick === 'reference-beside.mov' ? ['-enable_drefs', '1'] : []), '-i', file, '-t', '1', '-f', 'null', '-']);
  }
}

/** Gives one trick to one reader, in a folder and with a port of its own. */
async function play(trick: string, reader: Reader, folder: string): Promise<Outcome> {
  mkdirSync(folder);
  const near = [...secrets, picture].map((secret) => join(folder, secret.slice(bench.folder.length + 1)));
  for (const [index, file] of near.entries()) copyFileSync([...secrets, picture][index] as string, file);
  copyFileSync(picture, join(folder, 'secret01.png'));
  near.push(join(folder, 'secret01.png'));
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const filled = (text: string): string => text.replaceAll('SECRET', near[0] as string).replaceAll('FOLDER', folder).replaceAll('PORT', String((server.address() as AddressInfo).port));
  const text = namingTexts[trick];
  const file = names.includes(trick) ? filled(trick) : join(folder, trick);
  if (!names.includes(trick)) writeFileSync(file, text === undefined ? foreign : filled(text));
  for (const secret of near) utimesSync(secret, longAgo, new Date());
  const code = await run(reader, trick, file, folder);
  server.close();
  return { trick, reader, code, connections, read: near.filter((secret) => statSync(secret).atimeMs > longAgo.getTime()).map((secret) => secret.slice(folder.length + 1)) };
}

const outcomes: Outcome[] = [];

beforeAll(async () => {
  const turns = createConcurrencyGate(4);
  const played = tricks.flatMap((trick, index) => readers.filter((reader) => reader !== 'ffmpeg without guards' || !endless.has(trick)).map(async (reader, turn) => {
    using _place = await turns.enter({});
    outcomes.push(await play(trick, reader, bench.path(`${index}-${turn}`)));
  }));
  await Promise.all(played);
}, 600_000);

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
  bench[Symbol.dispose]();
});

const of = (...who: readonly Reader[]): readonly Outcome[] => outcomes.filter(({ reader }) => who.includes(reader));

describe('a file that names others, and a name that means more than a file', () => {
  test.each(tricks)('%s never reads what lies beside it and never calls anybody', (trick) => {
    const guarded = of('prepareSpeech', 'ffprobe', 'ffmpeg').filter((outcome) => outcome.trick === trick);
    expect(guarded).toHaveLength(3);
    expect(guarded.filter(({ read, connections }) => read.length > 0 || connections > 0)).toEqual([]);
  });

  test('is refused with a code of its own', () => {
    const codes = new Set(of('prepareSpeech').map(({ code }) => code));
    expect([...codes].filter((code) => !['UNSUPPORTED_FORMAT', 'CORRUPT', 'TRUNCATED', 'EMPTY_OUTPUT', 'INPUT_MISSING'].includes(code))).toEqual([]);
  });
});

describe('the same tricks without the guards', () => {
  test('read the secret, so that this suite can fail', () => {
    const leaking = of('ffmpeg without guards').filter(({ read }) => read.length > 0).map(({ trick }) => trick);
    expect(leaking).toEqual(expect.arrayContaining(['concat.wav', 'async:SECRET', 'reference-beside.mov', 'FOLDER/secret%02d.png']));
    expect(leaking.length).toBeGreaterThanOrEqual(8);
  });

  test('call the port, so that this suite can fail', () => {
    const calling = of('ffmpeg without guards').filter(({ connections }) => connections > 0).map(({ trick }) => trick);
    expect(calling).toEqual(expect.arrayContaining(['http://127.0.0.1:PORT/a.wav', 'tcp://127.0.0.1:PORT']));
    expect(calling.length).toBeGreaterThanOrEqual(5);
  });
});
