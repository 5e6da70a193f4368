import { MediaJobError } from '@media-jobs/foundation';

/** How long ended jobs and their files are kept, and how often the expired ones are removed, for common situations. */
export const lifetimePresets = Object.freeze({
  development: Object.freeze({ ttlHours: 1, cleanupIntervalMinutes: 5 }),
  production: Object.freeze({ ttlHours: 24, cleanupIntervalMinutes: 30 }),
  performance: Object.freeze({ ttlHours: 48, cleanupIntervalMinutes: 60 }),
  'low-disk': Object.freeze({ ttlHours: 12, cleanupIntervalMinutes: 15 }),
  test: Object.freeze({ ttlHours: 0.5, cleanupIntervalMinutes: 1 }),
});
export type LifetimePreset = keyof typeof lifetimePresets;

/** What is in force when nothing is said: as `production`. */
export const lifetimeDefaults = lifetimePresets.production;

/** Bounds of the values: ten years, and one week. */
export const maxTtlHours = 87_600;
export const maxCleanupIntervalMinutes = 10_080;

/** Below these a warning is given, outside development and test: records and files may go before anybody fetched them. */
const shortestTtlHours = 1;
const shortestIntervalMinutes = 5;
const shortLived: ReadonlySet<string> = new Set<LifetimePreset>(['development', 'test']);

/** Values that may come from code or from the environment; fractions are legal. */
export interface LifetimeValues {
  readonly preset?: LifetimePreset | undefined;
  /** From the end of a job to its expiry. */
  readonly ttlHours?: number | undefined;
  /** From one cleanup pass to the next. */
  readonly cleanupIntervalMinutes?: number | undefined;
}

export interface LifetimeOptions extends LifetimeValues {
  /** What `configFromEnv` found; each value counts where code says nothing. */
  readonly environment?: LifetimeValues | undefined;
}

/** Where a value came from. */
export type ValueSource = 'option' | 'environment' | 'preset' | 'default';

/** The values in force. */
export interface Lifetime {
  readonly ttlMs: number;
  readonly cleanupIntervalMs: number;
  readonly preset: LifetimePreset | null;
  readonly from: { readonly ttl: ValueSource; readonly cleanupInterval: ValueSource };
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

/**
 * Decides how long jobs are kept. Each value is the option's, else the environment's, else the preset's (code before
 * environment), else that of `lifetimeDefaults`. Throws `INVALID_OPTION`.
 */
export function resolveLifetime({ environment = {}, ...options }: LifetimeOptions = {}): Lifetime {
  const preset = options.preset ?? environment.preset ?? null;
  if (preset !== null && !Object.hasOwn(lifetimePresets, preset)) throw refusal('preset', `one of ${Object.keys(lifetimePresets).join(', ')}`, preset);
  const values = preset === null ? lifetimeDefaults : lifetimePresets[preset];
  const pick = (name: 'ttlHours' | 'cleanupIntervalMinutes'): { readonly value: number; readonly source: ValueSource } => {
    const [option, variable] = [options[name], environment[name]];
    if (option !== undefined) return { value: option, source: 'option' };
    if (variable !== undefined) return { value: variable, source: 'environment' };
    return { value: values[name], source: preset === null ? 'default' : 'preset' };
  };
  const [ttl, interval] = [pick('ttlHours'), pick('cleanupIntervalMinutes')];
  checkRange('ttlHours', ttl.value, maxTtlHours);
  checkRange('cleanupIntervalMinutes', interval.value, maxCleanupIntervalMinutes);
  return Object.freeze({
    ttlMs: Math.max(1, Math.round(ttl.value * 3_600_000)),
    cleanupIntervalMs: Math.max(1, Math.round(interval.value * 60_000)),
    preset,
    from: Object.freeze({ ttl: ttl.source, cleanupInterval: interval.source }),
    warnings: Object.freeze(warningsFor(ttl.value, interval.value, preset)),
  });
}

function warningsFor(ttlHours: number, intervalMinutes: number, preset: LifetimePreset | null): string[] {
  const warnings: string[] = [];
  const careful = preset === null || !shortLived.has(preset);
  if (careful && ttlHours < shortestTtlHours) warnings.push(`Jobs are kept for ${ttlHours} h only: results may be gone before they are fetched; at least ${shortestTtlHours} h is usual.`);
  if (careful && intervalMinutes < shortestIntervalMinutes) warnings.push(`Cleanup runs every ${intervalMinutes} min: that is work for nothing; at least ${shortestIntervalMinutes} min is usual.`);
  if (intervalMinutes > ttlHours * 60) warnings.push(`Cleanup runs every ${intervalMinutes} min, but jobs are kept for ${ttlHours * 60} min: expired files stay longer than they live.`);
  return warnings;
}

function checkRange(option: string, value: number, max: number): void {
  if (typeof value !== 'number' || !(value > 0 && value <= max)) throw refusal(option, `a number above 0 and at most ${max}`, value);
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${option}\` to be ${expected}, got \`${String(value)}\`.`,
    advice: 'Leave it out for the default, or choose a preset.',
    facts: { option, value: String(value) },
  });
}
