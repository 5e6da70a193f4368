import type { Engine } from '@media-jobs/core';
import { createAddonEngine } from './engines/addon-child.ts';
import { createWhisperCliEngine } from './engines/whisper-cli.ts';
import type { ResolvedWhisperOptions } from './options.ts';

/** An engine, and why it is this one. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly reason: string;
}

/**
 * The engine that was asked for, or the fastest that works here. On a processor that is `whisper-cli`, built for processors of the last
 * ten years; the prebuilt addon runs on any, and needs many times as long (see docs/benchmarks.md).
 */
export async function chooseEngine({ engine, variant, whisperCli, clock }: ResolvedWhisperOptions): Promise<ChosenEngine> {
  const addon = (): Engine => createAddonEngine({ variant, clock });
  const cli = (): Engine => createWhisperCliEngine({ ...whisperCli, clock });
  if (engine === 'addon-child') return { engine: addon(), reason: 'It was asked for.' };
  if (engine === 'whisper-cli') return { engine: cli(), reason: 'It was asked for.' };
  if (engine !== 'auto') return { engine, reason: 'It was given.' };
  if (variant !== 'default') return { engine: addon(), reason: `The variant '${variant}' is one of the addon.` };
  const candidate = cli();
  const { works, detail, advice } = await candidate.check();
  if (works) return { engine: candidate, reason: `${detail} works here, and is the fastest.` };
  return { engine: addon(), reason: `The prebuilt addon needs no compiler; whisper-cli would be faster on a processor. ${detail} ${advice ?? ''}`.trim() };
}
