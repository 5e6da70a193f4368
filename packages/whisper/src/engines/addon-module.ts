import { createRequire } from 'node:module';

/** The part of `@fugood/whisper.node` that is used. It is an optional peer, so its own types may not be there. */
export interface AddonModule {
  initWhisper(options: { readonly filePath: string; readonly useGpu: boolean }, variant?: string): Promise<AddonContext>;
  loadWhisperModule(variant?: string): Promise<unknown>;
  toggleNativeLog(enable: boolean): Promise<void>;
  addNativeLogListener(listener: (level: string, text: string) => void): { remove(): void };
}

/** A loaded model. Its `stop()` only takes effect between runs, so it is not used. */
export interface AddonContext {
  transcribeData(audio: ArrayBuffer, options: AddonOptions): { readonly promise: Promise<AddonResult> };
}

export interface AddonOptions {
  readonly language: string;
  readonly translate: boolean;
  readonly maxThreads: number;
  readonly prompt?: string;
  readonly onProgress: (percent: number) => void;
  readonly onNewSegments: (news: { readonly segments: readonly AddonSegment[] }) => void;
}

/** `t0` and `t1` are milliseconds. */
export interface AddonSegment {
  readonly text: string;
  readonly t0: number;
  readonly t1: number;
}

export interface AddonResult {
  readonly language?: string;
  readonly segments: readonly AddonSegment[];
}

export const addonPackage = '@fugood/whisper.node';
const platformPackage = /node-whisper-[a-z0-9]+-[a-z0-9]+(?:-([a-z0-9]+))?[\\/]index\.node$/;

/** The addon and its version. `found` is false when no package of that name can be reached from here. */
export function loadAddonModule(): { readonly addon: AddonModule; readonly version: string } {
  const require = createRequire(import.meta.url);
  const addon = require(addonPackage) as AddonModule;
  const { version } = require(`${addonPackage}/package.json`) as { version: string };
  return { addon, version };
}

/**
 * The variant whose binary is in this process, or null when none is. The addon falls back to another without an error,
 * so its word is not enough.
 */
export function loadedVariant(): string | null {
  const { cache } = createRequire(import.meta.url);
  for (const file of Object.keys(cache)) {
    const match = platformPackage.exec(file);
    // A binary that failed to load stays in the table without its exports.
    if (match !== null && cache[file]?.loaded === true) return match[1] ?? 'default';
  }
  return null;
}
