import { lstat, opendir, readdir, rmdir, unlink, type Dir, type Dirent, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { systemCode } from '../file-errors.ts';
import { entriesAtATime, largeFolderBytes, notAFolder } from './entries-of.ts';

/** What `clearFolder` works with. */
export interface ClearFolderOptions {
  /** Folders below go as well. Default `true`; with `false` all of them stay, empty. */
  readonly folders?: boolean;
  /** Paths that stay, with all that is in them. Default: none. */
  readonly keep?: (path: string) => boolean;
  /** Ends it soon; what is not removed yet stays. */
  readonly signal: AbortSignal;
  /** Told of each file that is gone, and of the bytes that became free by it. */
  readonly onRemoved: (bytes: number) => void;
  /** Told of each thing that could not be removed. */
  readonly onStubborn: (path: string, error: unknown) => void;
}

/** Calls of the file system that are under way at a time. Node's pool does four, and must not run dry. */
const width = 32;

/**
 * Removes all that is in a folder; the folder itself stays. It is made for hundreds of thousands of small files: calls run
 * side by side, and memory does not grow with their number. Links are removed themselves and never followed. What is gone
 * already is no error, and what cannot be removed stops nothing. Resolves when all has been tried, or the signal has aborted.
 */
export function clearFolder(folder: string, options: ClearFolderOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    new Clearing({ folders: true, keep: () => false, ...options }, resolve, reject).enter(folder, null);
  });
}

/** A folder that is being cleared. */
interface OpenFolder {
  readonly path: string;
  /** Null for the one that stays. */
  readonly parent: OpenFolder | null;
  /** Entries that are being removed, and one more for as long as there may be others. */
  pending: number;
  /** False as soon as something in it stays. */
  empty: boolean;
  /** What was read and not begun yet is from `next` on. */
  entries: readonly Dirent[];
  next: number;
  /** Of a large folder that was not read to its end. */
  rest: Dir | null;
}

type Done<Result> = (error: Error | null, result?: Result) => void;

/**
 * One walk, deepest folders first, in callbacks: with a promise for each call it took more than twice the time and twice the memory, for V8
 * then lets its young generation grow.
 */
class Clearing {
  readonly #options: Required<ClearFolderOptions>;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  /** The last one is worked on. */
  readonly #open: OpenFolder[] = [];
  #busy = 0;
  #thrown: { readonly error: unknown } | undefined;
  /** To ask a signal that follows others takes a look at each of them. */
  #ending: boolean;
  readonly #onAbort = (): void => void (this.#ending = true);

  constructor(options: Required<ClearFolderOptions>, resolve: () => void, reject: (error: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#ending = options.signal.aborted;
    options.signal.addEventListener('abort', this.#onAbort);
  }

  enter(path: string, parent: OpenFolder | null): void {
    const folder: OpenFolder = { path, parent, pending: 1, empty: true, entries: [], next: 0, rest: null };
    this.#call<Stats>(folder, (done) => lstat(path, done), (stats) => {
      if (!stats.isDirectory()) return this.#giveUp(folder, notAFolder());
      if (stats.size <= largeFolderBytes) return this.#call<Dirent[]>(folder, (done) => readdir(path, { withFileTypes: true }, done), (entries) => this.#take(folder, entries));
      return this.#call<Dir>(folder, (done) => opendir(path, { bufferSize: entriesAtATime }, done), (rest) => {
        folder.rest = rest;
        this.#readPart(folder, rest, []);
      });
    });
  }

  #readPart(folder: OpenFolder, rest: Dir, entries: Dirent[]): void {
    this.#call<Dirent | null>(folder, (done) => rest.read(done), (entry) => {
      if (entry === null) return this.#close(folder, rest, () => this.#take(folder, entries));
      entries.push(entry);
      return entries.length === entriesAtATime ? this.#take(folder, entries) : this.#readPart(folder, rest, entries);
    });
  }

  #close(folder: OpenFolder, rest: Dir, then: () => void): void {
    folder.rest = null;
    this.#call<void>(folder, (done) => rest.close(done), then);
  }

  #take(folder: OpenFolder, entries: readonly Dirent[]): void {
    folder.entries = entries;
    folder.next = 0;
    this.#open.push(folder);
  }

  /** Begins as much as may be under way at a time. */
  #goOn(): void {
    while (this.#busy < width) {
      const folder = this.#open.at(-1);
      if (folder === undefined) return;
      const entry = folder.entries[folder.next];
      folder.next += 1;
      if (entry === undefined) this.#readOn(folder);
      else this.#clear(folder, entry);
    }
  }

  #readOn(folder: OpenFolder): void {
    this.#open.pop();
    const { rest } = folder;
    if (rest === null) this.#settle(folder);
    else if (this.#ending) this.#close(folder, rest, () => this.#settle(folder));
    else this.#readPart(folder, rest, []);
  }

  #clear(folder: OpenFolder, entry: Dirent): void {
    // `join` would make several strings, each time.
    const path = folder.path + sep + entry.name;
    if (this.#ending || this.#ask(() => this.#options.keep(path), true)) {
      folder.empty = false;
      return;
    }
    folder.pending += 1;
    if (entry.isDirectory()) this.enter(path, folder);
    else this.#unlink(folder, path);
  }

  #unlink(folder: OpenFolder, path: string): void {
    this.#start<Stats>((done) => lstat(path, done), (failure, stats) => {
      if (failure !== null) return this.#tried(folder, path, failure);
      return this.#start<void>((done) => unlink(path, done), (error) => {
        if (error === null) this.#ask(() => this.#options.onRemoved(stats !== undefined && stats.nlink <= 1 ? stats.size : 0), undefined);
        this.#tried(folder, path, error);
      });
    });
  }

  #tried(folder: OpenFolder, path: string, error: Error | null): void {
    if (error !== null && systemCode(error) !== 'ENOENT') {
      folder.empty = false;
      this.#ask(() => this.#options.onStubborn(path, error), undefined);
    }
    this.#settle(folder);
  }

  #settle(folder: OpenFolder): void {
    const { path, parent } = folder;
    folder.pending -= 1;
    if (folder.pending > 0) return;
    if (parent === null) return this.#end();
    if (folder.empty && this.#options.folders && !this.#ending) return this.#start<void>((done) => rmdir(path, done), (error) => this.#tried(parent, path, error));
    parent.empty = false;
    return this.#settle(parent);
  }

  /** A folder that cannot be read stays, with what is in it. */
  #giveUp(folder: OpenFolder, error: Error): void {
    if (folder.rest !== null) return this.#close(folder, folder.rest, () => this.#giveUp(folder, error));
    if (systemCode(error) !== 'ENOENT') {
      folder.empty = false;
      this.#ask(() => this.#options.onStubborn(folder.path, error), undefined);
    }
    return this.#settle(folder);
  }

  /** A call that the folder cannot be read without. */
  #call<Result>(folder: OpenFolder, start: (done: Done<Result>) => void, then: (result: Result) => void): void {
    this.#start<Result>(start, (error, result) => (error === null ? then(result as Result) : this.#giveUp(folder, error)));
  }

  /** What the caller gave is called here: its error ends the walk as an abort does. */
  #ask<Answer>(question: () => Answer, otherwise: Answer): Answer {
    try {
      return question();
    } catch (error) {
      this.#thrown ??= { error };
      this.#ending = true;
      return otherwise;
    }
  }

  #end(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (this.#thrown === undefined) this.#resolve();
    else this.#reject(this.#thrown.error);
  }

  #start<Result>(start: (done: Done<Result>) => void, then: Done<Result>): void {
    this.#busy += 1;
    start((error, result) => {
      this.#busy -= 1;
      then(error, result);
      this.#goOn();
    });
  }
}
