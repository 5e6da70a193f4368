import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '@media-jobs/foundation';

/** Whether a file is still the one that was read: what its folder tells, and the time of the last change of any kind, which nobody can set back. */
export function stampOf(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/** A write within the clock's grain of the last one leaves no trace in the times, so what was changed just now is not remembered. */
const settledNs = 2_000_000_000n;

/**
 * Checksums of model files that were read before, so that a model of 3 GB is not read whole by each process that names
 * it. One small file for each, named after the path, in the folder of the models. Never trusted for another state of
 * the file; one that cannot be read or written only costs time.
 */
export class DigestCache {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Where the checksum of a file is kept: beside it, when it lies in the folder. */
  path(file: string): string {
    const name = dirname(file) === this.#folder ? basename(file) : createHash('sha256').update(file).digest('hex').slice(0, 32);
    return join(this.#folder, `.${name}.digest`);
  }

  /** Null when there is none for this state of the file. */
  async read(file: string, stamp: string): Promise<string | null> {
    const text = await readFile(this.path(file), 'utf8').catch(() => '');
    const [known, sha256] = text.split(' ');
    return known === stamp && sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null;
  }

  /** Remembers the checksum of a file that had these stats before and after it was read. Not when it has just been changed, unless by `ours`, which nobody else could write to meanwhile. False when it was not, or could not be, written down. */
  async write(file: string, stats: BigIntStats, sha256: string, { ours = false } = {}): Promise<boolean> {
    if (!ours && BigInt(Math.floor(this.#clock.now())) * 1_000_000n - stats.ctimeNs < settledNs) return false;
    const path = this.path(file);
    const draft = `${path}.${process.pid}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(draft, `${stampOf(stats)} ${sha256}`, { mode: 0o600 });
      await rename(draft, path);
      return true;
    } catch {
      await unlink(draft).catch(() => undefined);
      return false;
    }
  }
}
