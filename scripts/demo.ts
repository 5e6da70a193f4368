// What `npm run demo` runs after the set-up: the command `media-jobs transcribe` on the fixture film, or on a file of yours.
//
//   npm run demo
//   npm run demo -- FILE --model PATH
import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const talk = resolve(root, 'fixtures/talk.mp4');
const fixtureModel = resolve(root, 'fixtures/twenty-words.en.ggml.bin');
const bin = resolve(root, 'packages/cli/bin/media-jobs.js');
/** Where the user stands: npm itself runs scripts in the folder of package.json. */
const here = process.env['INIT_CWD'] ?? process.cwd();

/** The part of the command's answer that is shown. */
interface Answer {
  readonly jobId: string;
  readonly cached: boolean;
  readonly text: string;
  readonly durationSeconds: number;
  readonly segments: readonly { readonly start: number; readonly end: number; readonly text: string }[];
  readonly files: Readonly<Record<string, string>>;
}

function transcribe(words: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [bin, 'transcribe', '--format', 'json', '--work-folder', resolve(root, 'work'), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    // The command hears the terminal's signals itself and ends in order; this process waits for it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    child.on('error', failed);
    child.on('close', (code) => done({ exitCode: code ?? 1, output }));
  });
}

const seconds = (value: number): string => `${value.toFixed(1).padStart(6)} s`;

function show(file: string, answer: Answer, elapsedMs: number): void {
  const shown = (path: string): string => relative(here, path) || path;
  console.log(`\nWhat is said in ${shown(file)} (${answer.durationSeconds.toFixed(1)} s):\n`);
  for (const { start, end, text } of answer.segments) console.log(`  ${seconds(start)} –${seconds(end)}   ${text}`);
  if (answer.segments.length === 0) console.log('  (nothing)');
  console.log('');
  for (const [name, path] of Object.entries(answer.files)) console.log(`  ${name.padEnd(15)} ${shown(path)}`);
  const took = `${(elapsedMs / 1000).toFixed(1)} s`;
  console.log(answer.cached ? `\nAnswered from the cache in ${took}: the same content was transcribed before.` : `\nTranscribed in ${took}. Run it again: the second time it is answered from the cache.`);
}

/** Whether it is a file that says something else than the fixture film. One that cannot be read is left to the command. */
async function isStrange(path: string): Promise<boolean> {
  const [given, film] = await Promise.all([stat(path).catch(() => undefined), stat(talk)]);
  if (given === undefined || !given.isFile()) return false;
  return given.size !== film.size || !(await readFile(path)).equals(await readFile(talk));
}

const needsModel = `The model of this demo knows only twenty words of one synthetic voice: of your file it would make nonsense.
  Get a real model, such as ggml-base.en.bin (148 MB) from https://huggingface.co/ggerganov/whisper.cpp, and run: npm run demo -- FILE --model PATH`;

interface Wish {
  readonly file: string;
  readonly model: string | undefined;
  readonly language: string;
}

/** What stands behind `npm run demo --`; undefined when it cannot be understood. */
function readWish(): Wish | undefined {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { model: { type: 'string' }, language: { type: 'string' } } });
    const model = values.model ?? process.env['MEDIA_JOBS_MODEL'];
    const file = positionals[0] === undefined ? talk : resolve(here, positionals[0]);
    return { file, model: model === undefined ? undefined : resolve(here, model), language: values.language ?? (model === undefined ? 'en' : 'auto') };
  } catch (error) {
    console.error(`${(error as Error).message}\n  Usage: npm run demo [-- FILE --model PATH --language CODE]`);
    return undefined;
  }
}

async function runDemo({ file, model, language }: Wish): Promise<number> {
  if (model === undefined && (await isStrange(file))) {
    console.error(needsModel);
    return 2;
  }
  const begun = performance.now();
  const { exitCode, output } = await transcribe(['--model', model ?? fixtureModel, '--language', language, '--', file]);
  if (exitCode === 0) show(file, JSON.parse(output) as Answer, performance.now() - begun);
  return exitCode;
}

const wish = readWish();
process.exitCode = wish === undefined ? 2 : await runDemo(wish);
