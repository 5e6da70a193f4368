import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { configFromEnv, type Environment, type EnvironmentConfig, type MediaJobsOptions } from '@media-jobs/core';
import type { FfmpegOptions } from '@media-jobs/ffmpeg';
import { knownModels } from '@media-jobs/whisper';
import type { Invocation } from './command.ts';

/** What the command line and the environment say together. Paths are absolute. */
export interface Settings {
  /** Where jobs, results and temp files are kept. */
  readonly workFolder: string;
  /** A name of a published model, or an absolute path. */
  /** Where engines that were built here are kept. */
  readonly engineFolder: string;
  readonly model: string | undefined;
  /** Where models are kept. */
  readonly modelsFolder: string;
  readonly ffmpeg: Pick<FfmpegOptions, 'binaries' | 'searchPath'>;
  readonly jobs: Pick<MediaJobsOptions, 'environment' | 'maxInputBytes'>;
}

/** Options win over variables, variables over defaults. Throws `INVALID_ENVIRONMENT`. */
export function settingsOf(invocation: Invocation, environment: Environment): Settings {
  // Redis is used only where `--redis` says so: a setting that is meant for services must not stop other commands.
  const config = configFromEnv({ ...environment, REDIS_URL: undefined });
  const model = invocation.text('model') ?? filled(environment['MEDIA_JOBS_MODEL']);
  return {
    workFolder: resolve(invocation.text('work-folder') ?? config.workFolder ?? cacheFolder(environment)),
    engineFolder: join(cacheFolder(environment), 'engines'),
    model: model === undefined || isModelName(model) ? model : resolve(model),
    modelsFolder: resolve(invocation.text('models-folder') ?? config.modelsFolder ?? join(cacheFolder(environment), 'models')),
    ffmpeg: ffmpegOptions(config, filled(environment['PATH'])),
    jobs: { environment: config, ...(config.maxInputBytes === undefined ? {} : { maxInputBytes: config.maxInputBytes }) },
  };
}

function ffmpegOptions({ ffmpegPath, ffprobePath }: EnvironmentConfig, searchPath: string | undefined): Settings['ffmpeg'] {
  return {
    binaries: { ...(ffmpegPath === undefined ? {} : { ffmpeg: ffmpegPath }), ...(ffprobePath === undefined ? {} : { ffprobe: ffprobePath }) },
    ...(searchPath === undefined ? {} : { searchPath }),
  };
}

/** What is no path, and the name of a model, is that model; a file of such a name is `./base.en`. */
function isModelName(text: string): boolean {
  return knownModels.some(({ name }) => name === text);
}

/** The place for caches of this user. By the rules of the XDG base directories a relative one counts as none. */
function cacheFolder(environment: Environment): string {
  const given = environment['XDG_CACHE_HOME'];
  const base = given !== undefined && isAbsolute(given) ? given : join(filled(environment['HOME']) ?? homedir(), '.cache');
  return join(base, 'media-jobs');
}

/** An empty variable counts as none. */
function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
