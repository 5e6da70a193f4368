import { silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { randomId } from '../names.ts';
import { checkAmount, checkPath, invalidOption } from '../options.ts';
import type { ResetCounts, ResetLevel, ResetPhase, ResetRequest, Resettable } from './resettable.ts';

/** One step of a reset, as it happens. */
export interface ResetProgress {
  readonly resetId: string;
  readonly phase: ResetPhase;
  /** Name of the target. */
  readonly target: string;
  /** `goes-on` comes at most four times a second. */
  readonly state: 'begins' | 'goes-on' | 'ends' | 'failed';
  /** What all targets have done so far. */
  readonly counts: ResetCounts;
}

/** What a reset shall do. */
export interface ResetOptions {
  /** Default `basic`. */
  readonly level?: ResetLevel;
  /** Default `false`. */
  readonly models?: boolean;
  /** Default `false`. */
  readonly queue?: boolean;
  /** Turn new work away until the reset is over. A resetting process that dies takes this with it. Default `false`. */
  readonly refuseNewWork?: boolean;
  /** How long each target may take in each phase, in milliseconds. Default: `resetDeadlinesMs`. */
  readonly deadlinesMs?: Readonly<Partial<Record<ResetPhase, number>>>;
  /** Told of each step. Must not throw. */
  readonly onProgress?: (progress: ResetProgress) => void;
}

/** Options of `resetAll`. */
export interface ResetAllOptions extends ResetOptions {
  /** Cuts the reset off; its report then tells what is left. Not for a client that goes away: who asked need not stay. */
  readonly signal?: AbortSignal;
  /** Path of a lock (see `withLock`), the same in all processes that reset the same things: they then share one run. Default: none. */
  readonly lock?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A claim lives for half a minute by default, which `stop` may have to wait out; files and records may be millions. */
export const resetDeadlinesMs = Object.freeze({ begin: 30_000, stop: 45_000, collect: 600_000, verify: 60_000 } as const satisfies Readonly<Record<ResetPhase, number>>);

/** One reset: what was asked for, and what it works with. */
export interface ResetRun {
  readonly request: ResetRequest;
  readonly deadlinesMs: Readonly<Record<ResetPhase, number>>;
  readonly onProgress: (progress: ResetProgress) => void;
  readonly signal: AbortSignal | undefined;
  readonly lock: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveResetOptions(targets: readonly Resettable[], options: ResetAllOptions): ResetRun {
  const { level = 'basic', models = false, queue = false, refuseNewWork = false, onProgress = () => undefined, signal, lock, clock = systemClock, logger = silentLogger } = options;
  if (level !== 'basic' && level !== 'deep') throw invalidOption('level', '`basic` or `deep`', level);
  for (const [name, value] of Object.entries({ models, queue, refuseNewWork })) {
    if (typeof value !== 'boolean') throw invalidOption(name, '`true` or `false`', value, 'A flag that is misread would remove too much or too little: give a boolean.');
  }
  if (lock !== undefined) checkPath('lock', lock);
  const deadlinesMs = { ...resetDeadlinesMs, ...options.deadlinesMs };
  for (const [phase, ms] of Object.entries(deadlinesMs)) checkAmount(`deadlinesMs.${phase}`, ms);
  const names = targets.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw invalidOption('targets', 'targets with names of their own', double);
  return Object.freeze({ request: Object.freeze({ resetId: randomId(), level, models, queue, refuseNewWork }), deadlinesMs, onProgress, signal, lock, clock, logger });
}
