import type { Readable } from 'node:stream';

/** One file of a job, known by its content. */
export interface StoredFile {
  /** The folder that the record names: `jobs/<epoch>/<job id>/<token>`. Its token is drawn once and never again, so a file in it never becomes another. */
  readonly folder: string;
  /** Lower-case hexadecimal; the file's name in the folder. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A folder that holds something. */
export interface StoredFolder {
  readonly folder: string;
  /** When the newest thing in it was written or begun, in milliseconds since 1970 by the clock of whoever keeps it. */
  readonly modifiedAt: number;
}

/** What a removal took away. */
export interface RemovedFiles {
  readonly files: number;
  readonly bytes: number;
}

/** Ends the call: it rejects with `ABORTED`, or with the signal's reason when that is a `MediaJobError`. */
export interface FileStoreControls {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps the files of jobs where every machine can reach them. It decides nothing: what a record names is there before the record names
 * it, and what no record names is removed. All calls throw `FILES_UNAVAILABLE` when what lies beneath does not answer, and
 * `INVALID_OPTION` for a folder or digest that is of another form.
 */
export interface FileStore extends AsyncDisposable {
  readonly specVersion: 1;

  /**
   * Keeps the content of the local file at `path`, streamed. It can be opened when this resolves, and not before: whole or not at all. One
   * that is there already stays. Throws `INPUT_CHANGED` when the content is not of this size and digest, `INPUT_MISSING`, `DISK_FULL`.
   */
  put(file: StoredFile, path: string, controls?: FileStoreControls): Promise<void>;

  /**
   * The bytes from `start`, which is less than the size, to the end. Whoever reads compares size and digest: a connection may be cut. The
   * signal also ends the stream. Throws `FILE_MISSING`.
   */
  open(file: StoredFile, start: number, controls?: FileStoreControls): Promise<Readable>;

  /** How many bytes are kept under this folder and digest; null when there is no such file. */
  sizeOf(file: Pick<StoredFile, 'folder' | 'sha256'>, controls?: FileStoreControls): Promise<number | null>;

  /** Epochs that something is kept of, each once. */
  epochs(controls?: FileStoreControls): Promise<readonly string[]>;

  /** Folders of an epoch that hold something, each once, those among them that hold only what a killed `put` left. */
  folders(epoch: string, controls?: FileStoreControls): AsyncIterable<StoredFolder>;

  /** Removes all that is in a folder, or in all folders of an epoch (`jobs/<epoch>`), also what was left unfinished. One that is gone is no error. */
  remove(place: string, controls?: FileStoreControls): Promise<RemovedFiles>;
}
