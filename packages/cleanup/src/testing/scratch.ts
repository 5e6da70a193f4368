import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach } from 'vitest';

/** Fresh folders for the tests of one file. All are gone when it ends. */
export interface Scratch {
  /** An absolute path in the folder of the present test. */
  path(...names: string[]): string;
  /** Everything below a path, as sorted relative paths; folders end with `/`. */
  tree(path: string): string[];
  /** Lets other users enter the folder of the present test. */
  openToOthers(): void;
  /** A pipe, and for root a device, in the folder of the present test: if the code under test is broken, no real one suffers. */
  specialFiles(): string[];
  /** A small file system of its own in memory. Only root may ask. */
  tmpfs(name: string, options: string): string;
  /** Makes a folder or file that is there a read-only file system of its own. Only root may ask. */
  readOnly(name: string): void;
  /** Takes it away before the end of the test. */
  unmount(path: string): void;
}

/** Whether this user may mount, change owners and read everything. */
export const isRoot = process.getuid?.() === 0;

/** Gives each test a folder of its own, and takes all away. */
export function useScratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'media-jobs-test-'));
  const mounts: string[] = [];
  let [current, count] = [root, 0];
  beforeEach(() => {
    current = join(root, String((count += 1)));
    mkdirSync(current);
  });
  afterEach(() => {
    for (const path of mounts.splice(0)) execFileSync('umount', [path]);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return {
    path: (...names) => join(current, ...names),
    tree: (path) => [...below(path, '')].sort(),
    openToOthers() {
      for (const path of [root, current]) chmodSync(path, 0o755);
    },
    specialFiles: () => makeSpecialFiles(current),
    tmpfs(name, options) {
      const path = join(current, name);
      mkdirSync(path);
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
      mounts.push(path);
      return path;
    },
    readOnly(name) {
      mounts.push(makeReadOnly(join(current, name)));
    },
    unmount(path) {
      execFileSync('umount', [path]);
      mounts.splice(mounts.indexOf(path), 1);
    },
  };
}

function makeSpecialFiles(folder: string): string[] {
  const [pipe, device] = [join(folder, 'pipe'), join(folder, 'device')];
  execFileSync('mkfifo', [pipe]);
  if (!isRoot) return [pipe];
  execFileSync('mknod', ['-m', '666', device, 'c', '1', '3']);
  return [pipe, device];
}

function makeReadOnly(path: string): string {
  execFileSync('mount', ['--bind', path, path]);
  execFileSync('mount', ['-o', 'remount,bind,ro', path]);
  return path;
}

function* below(path: string, prefix: string): Generator<string> {
  if (!existsSync(path)) return;
  for (const name of readdirSync(path)) {
    const isFolder = lstatSync(join(path, name)).isDirectory();
    yield `${prefix}${name}${isFolder ? '/' : ''}`;
    if (isFolder) yield* below(join(path, name), `${prefix}${name}/`);
  }
}
