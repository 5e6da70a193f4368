import { createPlainTempFiles, type TempFiles } from '@media-jobs/cleanup';
import type { Engine, EngineCapabilities, EngineOpenOptions } from '@media-jobs/core';
import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';
import { defaultEngineFolder } from './cli-places.ts';
import { CliSession } from './cli-session.ts';
import { locateCli, type LocatedCli } from './locate-cli.ts';

export interface WhisperCliOptions {
  /** Path of a `whisper-cli` of whisper.cpp 1.9 or newer. Default: the one in `PATH`, or the one that was built here. */
  readonly command?: string;
  /** Where built engines are kept. Default: `~/.cache/media-jobs/engines`. */
  readonly engineFolder?: string;
  /** Where its pipes and results lie while it runs. Default: the temp files of this user. */
  readonly tempFiles?: TempFiles;
  /** Files that one process hears at the most; then another is started. Default 64. */
  readonly filesPerProcess?: number;
  /** Longest time in which the process takes no processor time at all. Default 30,000. */
  readonly silenceTimeoutMs?: number;
  readonly clock?: Clock;
}

const capabilities: EngineCapabilities = Object.freeze({
  words: true,
  wordProbability: true,
  languageProbability: true,
  // Its JSON does not have it.
  noSpeech: false,
  beamSearch: true,
  warm: true,
  shortContext: true,
});

/**
 * whisper.cpp's own command line program. One process hears many files one after another, also files that were not there when it was
 * started, as long as they are asked for in the same way: language, translation, beams, prompt and context are set when it starts.
 */
export function createWhisperCliEngine(options: WhisperCliOptions = {}): Engine {
  const { command, engineFolder = defaultEngineFolder(), filesPerProcess = 64, silenceTimeoutMs = 30_000, clock = systemClock } = options;
  const { tempFiles = createPlainTempFiles({ clock }) } = options;
  const locate = (signal?: AbortSignal): Promise<LocatedCli> => locateCli({ command, folder: engineFolder, signal });
  return Object.freeze({
    specVersion: 1,
    name: 'whisper-cli',
    capabilities,
    check: (signal?: AbortSignal) => check(locate, signal),
    usesGpu: async () => (await locate()).flavour !== 'cpu',
    open: async (open: EngineOpenOptions) => new CliSession({ command: (await locate(open.signal)).command, tempFiles, filesPerProcess, silenceTimeoutMs, clock, open }),
  });
}

async function check(locate: (signal?: AbortSignal) => Promise<LocatedCli>, signal: AbortSignal | undefined): ReturnType<Engine['check']> {
  try {
    const { command, version, place, flavour } = await locate(signal);
    return { works: true, detail: `whisper-cli ${version}, ${place === 'built' ? `built here for ${flavour === 'cuda' ? 'NVIDIA cards' : 'the processor'}` : command}` };
  } catch (thrown) {
    const { message, advice } = MediaJobError.from(thrown);
    return { works: false, detail: message, ...(advice === undefined ? {} : { advice }) };
  }
}
