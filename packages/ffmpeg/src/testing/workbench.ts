import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The variable by which all that a suite starts is known, whoever its parents are. */
const mark = 'FFMPEG_TEST_FOLDER';

/** A folder for the media of one suite, which knows what the suite has left. */
export interface Workbench extends Disposable {
  readonly folder: string;
  path(name: string): string;
  /** Runs ffmpeg as it is, to make media; `{}` in an argument stands for the folder. Gives the path of `name`. */
  make(name: string, ...args: string[]): string;
  /** Speaks a text into a WAV file of 22,050 Hz. */
  speak(name: string, text: string): string;
  /** Writes a program that is no ffmpeg, and gives its path. */
  script(name: string, body: string): string;
  /** Processes of this suite that still run. */
  survivors(): string[];
  /** Files of the folder that this process holds open. */
  openFiles(): string[];
  /** Hidden files in the folder: parts that nobody removed. */
  parts(): string[];
}

export function createWorkbench(): Workbench {
  const folder = mkdtempSync(join(tmpdir(), 'ffmpeg-test-'));
  process.env[mark] = folder;
  const path = (name: string): string => join(folder, name);
  return {
    folder,
    path,
    make(name, ...args) {
      execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args.map((part) => part.replace('{}', folder)), `file:${path(name)}`]);
      return path(name);
    },
    speak(name, text) {
      execFileSync('espeak-ng', ['-w', path(name), '--', text]);
      return path(name);
    },
    script(name, body) {
      writeFileSync(path(name), body);
      chmodSync(path(name), 0o755);
      return path(name);
    },
    survivors: () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && bears(pid, `${mark}=${folder}`)),
    openFiles: () => readdirSync('/proc/self/fd').map(linkOf).filter((file) => file.startsWith(folder)),
    parts: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)\./.test(name)),
    [Symbol.dispose]() {
      delete process.env[mark];
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // That of the listing itself is closed by now.
    return '';
  }
}

function bears(pid: string, entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry);
  } catch {
    // It has ended in between, or belongs to somebody else.
    return false;
  }
}

/** Loudness and true peak of a file by ffmpeg's own ebur128. */
export function ebur128(file: string): { readonly lufs: number; readonly peakDb: number } {
  const said = execFileSync('sh', ['-c', 'exec ffmpeg -hide_banner -nostdin -nostats -v info -i "$0" -af ebur128=peak=true:framelog=verbose -f null - 2>&1', `file:${file}`], { encoding: 'utf8' });
  const summary = said.slice(said.lastIndexOf('Summary:'));
  return { lufs: Number(/I:\s+(\S+) LUFS/.exec(summary)?.[1]), peakDb: Number(/Peak:\s+(\S+) dBFS/.exec(summary)?.[1]?.replace('-inf', '-1000')) };
}

/** The code of the error that a call rejects with, and the error. */
export async function failure(call: Promise<unknown>): Promise<{ readonly code: string; readonly message: string; readonly facts: Readonly<Record<string, unknown>> }> {
  try {
    await call;
  } catch (error) {
    return error as { code: string; message: string; facts: Readonly<Record<string, unknown>> };
  }
  throw new Error('Expected the call to reject, but it resolved.');
}
