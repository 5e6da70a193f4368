import { constants } from 'node:fs';
import { link, open, readFile, rename, rm, symlink, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TempFiles, TempFolder } from '@media-jobs/cleanup';
import { runProgram } from '@media-jobs/process';

const nothing = '/dev/null';

/** What one of the inputs is: a gate that holds the program up, or a slot that a request is put into. */
export interface CliInput {
  readonly kind: 'gate' | 'slot';
  readonly index: number;
}

/**
 * The inputs of one `whisper-cli`, which opens them one after another: before each slot for a file stands a gate, a named pipe that holds
 * the program up until a request comes. So one loaded model serves requests that nobody knew of when it was started. Each slot has
 * a name of its own and leads nowhere until its request comes: nothing that was heard once can be taken for the next.
 */
export class CliInputs implements AsyncDisposable {
  readonly count: number;
  readonly #folder: TempFolder;
  #holding: FileHandle | undefined;

  private constructor(folder: TempFolder, count: number, holding: FileHandle) {
    this.#folder = folder;
    this.count = count;
    this.#holding = holding;
  }

  static async create(temp: TempFiles, count: number): Promise<CliInputs> {
    const folder = await temp.folder({ prefix: 'whisper-cli' });
    try {
      const pipe = join(folder.path, 'pipe');
      await runProgram({ command: 'mkfifo', args: ['-m', '600', pipe], timeoutMs: 10_000 });
      const gates = Array.from({ length: count + 1 }, (_, index) => link(pipe, join(folder.path, `gate-${index}`)));
      const slots = Array.from({ length: count }, (_, index) => symlink(nothing, join(folder.path, `slot-${index}`)));
      await Promise.all([...gates, ...slots]);
      // The program first looks whether all inputs are there; a pipe that nobody holds would stop it at that.
      return new CliInputs(folder, count, await open(pipe, constants.O_RDWR));
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** The arguments that name all inputs and outputs, in the order of their use. The last gate is never opened: the program waits there. */
  get args(): readonly string[] {
    const pairs = (name: string): string[] => ['-f', this.#at(name), '-of', this.#at(`heard-${name}`)];
    return [...Array.from({ length: this.count }, (_, index) => [...pairs(`gate-${index}`), ...pairs(`slot-${index}`)]).flat(), ...pairs(`gate-${this.count}`)];
  }

  /** Which input a path is, as the program names it. */
  find(path: string): CliInput | undefined {
    const [, kind, index] = /^(gate|slot)-(\d+)$/.exec(basename(path)) ?? [];
    return kind === undefined || path !== this.#at(basename(path)) ? undefined : { kind: kind as CliInput['kind'], index: Number(index) };
  }

  /** A path in the folder, for a file that a request needs. */
  path(name: string): string {
    return this.#at(name);
  }

  /** The program has begun: from now on only closed gates hold it up. */
  async begun(): Promise<void> {
    const holding = this.#holding;
    this.#holding = undefined;
    await holding?.close();
  }

  /** Puts a file into a slot. */
  async fill(index: number, file: string): Promise<void> {
    await this.#replace(`slot-${index}`, file);
  }

  /** Lets the program go on to the slot behind a gate at which it waits, or will. */
  async openGate(index: number, passed: () => boolean, pause: () => Promise<void>): Promise<void> {
    await this.#replace(`gate-${index}`, nothing);
    // It may wait for a writer of the pipe: one who comes and goes ends the wait. Nobody there means that it has not come or has gone on.
    while (!passed() && !(await this.#knock())) await pause();
  }

  /** The transcript of a slot. */
  read(index: number): Promise<Buffer> {
    return readFile(`${this.#at(`heard-slot-${index}`)}.json`);
  }

  /** Removes what a request has left. */
  async clear(index: number): Promise<void> {
    await Promise.all([`heard-slot-${index}.json`, `slot-${index}`, `padded-${index}.wav`].map((name) => rm(this.#at(name), { force: true })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.begun();
    await this.#folder[Symbol.asyncDispose]();
  }

  #at(name: string): string {
    return join(this.#folder.path, name);
  }

  async #replace(name: string, target: string): Promise<void> {
    await symlink(target, this.#at(`${name}.new`));
    await rename(this.#at(`${name}.new`), this.#at(name));
  }

  async #knock(): Promise<boolean> {
    try {
      const writer = await open(this.#at('pipe'), constants.O_WRONLY | constants.O_NONBLOCK);
      await writer.close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      return false;
    }
  }
}
