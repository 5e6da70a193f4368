import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = `${root}packages/cli/bin/media-jobs.js`;

export const fixtureModel = `${root}fixtures/twenty-words.en.ggml.bin`;
export const talk = `${root}fixtures/talk.mp4`;
export const madeFixture = (name: string): string => `${root}fixtures/made/${name}`;

/** How the command is started. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Programs in front of it, such as `['setpriv', …]`. */
  readonly prefix?: readonly string[];
  /** In a process group of its own, as a shell starts what is typed. */
  readonly ownGroup?: boolean;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandResult>;
  /** Resolves when stderr has held the text; rejects when the command ends before. */
  readonly sees: (text: string) => Promise<void>;
}

/** The line that runs `media-jobs` from its sources. */
export function commandLine(words: readonly string[]): readonly string[] {
  return [process.execPath, '--conditions=@media-jobs/source', bin, ...words];
}

/** Starts `media-jobs` from its sources, as a process of its own with an environment that holds nothing of ours. */
export function startCommand(words: readonly string[], { cwd = root, environment = {}, prefix = [], ownGroup = false }: CommandOptions = {}): RunningCommand {
  const line = [...prefix, ...commandLine(words)];
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...environment };
  const begun = performance.now();
  const child = spawn(line[0] ?? '', line.slice(1), { cwd, env, detached: ownGroup, stdio: ['ignore', 'pipe', 'pipe'] });
  const held = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      held[name] += text;
    });
  }
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, killedBy) => resolve({ exitCode, killedBy, ...held, elapsedMs: performance.now() - begun }));
  });
  const sees = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (held.stderr.includes(text)) resolve();
      };
      child.stderr.on('data', look);
      look();
      void ended.then(() => reject(new Error(`Expected ${JSON.stringify(text)} on stderr, got an end without it:\n${held.stderr}`)), reject);
    });
  return { child, ended, sees };
}

/** Runs `media-jobs` to its end. */
export function runCommand(words: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return startCommand(words, options).ended;
}

/** `media-jobs transcribe` with the fixture model. */
export function transcribeWords(file: string, workFolder: string, ...more: readonly string[]): readonly string[] {
  return ['transcribe', '--model', fixtureModel, '--work-folder', workFolder, ...more, '--', file];
}
