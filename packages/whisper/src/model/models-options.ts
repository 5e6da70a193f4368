import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FetchFileOptions, FetchProgress, LockHolder } from '@media-jobs/cleanup';
import { silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { invalidOption } from '../options.ts';
import { knownModels, modelSource, type KnownModel } from './known-models.ts';

/** Where models are kept and where they come from. */
export interface ModelsOptions {
  /** Default `.cache/media-jobs/models` in the home folder, which is where the command `media-jobs` looks too. */
  readonly folder?: string;
  /** Addresses that the name of a file is put behind, the first asked first. Default: that of whisper.cpp. */
  readonly sources?: readonly string[];
  /** Models of your own. They win over published ones of the same name. */
  readonly known?: readonly KnownModel[];
  /** Limits, headers, proxies of the downloads. */
  readonly transfer?: Pick<FetchFileOptions, 'stallTimeoutMs' | 'timeoutMs' | 'tries' | 'retryBaseMs' | 'maxRetryAfterMs' | 'maxRedirects' | 'headers' | 'checkUrl' | 'fetch' | 'reserveBytes' | 'random'>;
  /** How long to wait while another process downloads the same model. Default 6 hours, the limit of a download. */
  readonly lockWaitMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** How one model is fetched. */
export interface PullOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Told once, when another process downloads it already. */
  readonly onWait?: (holder: LockHolder) => void;
}

export interface ResolvedModelsOptions extends Required<ModelsOptions> {
  readonly byName: ReadonlyMap<string, KnownModel>;
}

/** Where models are kept unless told. */
export function defaultModelsFolder(): string {
  return join(homedir(), '.cache', 'media-jobs', 'models');
}

/** A name is not taken for a path, and a file of ours is never taken for somebody else's. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveModelsOptions(options: ModelsOptions): ResolvedModelsOptions {
  const { folder = defaultModelsFolder(), sources = [modelSource], known = [], transfer = {}, lockWaitMs = 21_600_000, logger = silentLogger, clock = systemClock } = options;
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) throw invalidOption('folder', 'the path of a folder', folder, 'Give the folder in which models are kept.');
  if (sources.length === 0) throw invalidOption('sources', 'one address at least', 'none', 'Leave it out to take models from where whisper.cpp keeps them.');
  for (const source of sources) if (!/^https?:\/\//.test(source)) throw invalidOption('sources', 'addresses that begin with http:// or https://', source, 'The name of the file is put behind it.');
  for (const { name, file } of known) {
    if (!namePattern.test(name)) throw invalidOption('known', 'models whose names are letters, digits, dots, - and _', name, 'Give it another name.');
    if (!namePattern.test(file) || !file.endsWith('.bin')) throw invalidOption('known', 'models whose files end in .bin and lie in no folder', file, 'Give the name of the file alone.');
  }
  const byName = new Map([...knownModels, ...known].map((model) => [model.name, model]));
  return Object.freeze({ folder: resolve(folder), sources: sources.map((source) => (source.endsWith('/') ? source : `${source}/`)), known, transfer, lockWaitMs, logger, clock, byName });
}
