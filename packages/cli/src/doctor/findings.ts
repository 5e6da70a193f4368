import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defaultReserveBytes, diskSpace } from '@media-jobs/cleanup';
import { createFfmpeg, type ProgramReport } from '@media-jobs/ffmpeg';
import { MediaJobError } from '@media-jobs/foundation';
import { createAddonEngine, createWhisperCliEngine, createModels } from '@media-jobs/whisper';
import { modelAdvice } from '../model-advice.ts';
import type { Settings } from '../settings.ts';
import type { Finding } from './finding.ts';

/** Looks at everything that a transcription needs. Never throws for what it finds; only when it is aborted. */
export async function examine({ workFolder, engineFolder, model, modelsFolder, ffmpeg }: Pick<Settings, 'workFolder' | 'engineFolder' | 'model' | 'modelsFolder' | 'ffmpeg'>, signal: AbortSignal): Promise<readonly Finding[]> {
  const [programs, engines, modelFinding, disk, folder] = await Promise.all([
    examinePrograms(ffmpeg, signal),
    examineEngines(engineFolder, signal),
    examineModel(model, modelsFolder),
    examineDisk(workFolder),
    examineFolder(workFolder),
  ]);
  signal.throwIfAborted();
  return [{ name: 'node', state: 'ok', detail: process.versions.node }, ...programs, ...engines, modelFinding, disk, folder];
}

async function examinePrograms(options: Settings['ffmpeg'], signal: AbortSignal): Promise<Finding[]> {
  const report = await createFfmpeg(options).doctor({ signal });
  const warnings = report.warnings.map(({ message }): Finding => ({ name: 'ffmpeg', state: 'noted', detail: message }));
  return [programFinding('ffmpeg', report.ffmpeg), programFinding('ffprobe', report.ffprobe), ...warnings];
}

function programFinding(name: string, { ok, path, version, detail, advice }: ProgramReport): Finding {
  if (ok) return { name, state: 'ok', detail: `${version ?? 'of unknown version'}, ${path ?? ''} (${detail})` };
  return { name, state: 'missing', detail, ...(advice === undefined ? {} : { advice }) };
}

/** The engine that is taken, and how to get the faster one where that is missing. */
async function examineEngines(engineFolder: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const fast = await createWhisperCliEngine({ engineFolder }).check(signal);
  if (fast.works) return [{ name: 'engine', state: 'ok', detail: fast.detail }];
  const addon = await createAddonEngine().check(signal);
  const faster: Finding = { name: 'faster engine', state: 'noted', detail: `whisper-cli would be faster on a processor: ${fast.detail}`, ...(fast.advice === undefined ? {} : { advice: fast.advice }) };
  if (addon.works) return [{ name: 'engine', state: 'ok', detail: addon.detail }, faster];
  return [{ name: 'engine', state: 'missing', detail: addon.detail, advice: addon.advice ?? 'Run `npm install @fugood/whisper.node`.' }, faster];
}

async function examineModel(model: string | undefined, folder: string): Promise<Finding> {
  if (model === undefined) return { name: 'model', state: 'noted', detail: 'none given; each transcription needs one', advice: modelAdvice };
  const models = createModels({ folder });
  const isNamed = models.has(model);
  try {
    const { file, type, multilingual, bytes } = await models.file(isNamed ? models.path(model) : model).check();
    return { name: 'model', state: 'ok', detail: `${file} (${type}, ${multilingual ? 'multilingual' : 'English only'}, ${Math.round(bytes / 1e6)} MB)` };
  } catch (error) {
    if (isNamed && MediaJobError.from(error).code === 'MODEL_MISSING') return { name: 'model', state: 'noted', detail: `${model} is not in ${folder} yet; the first transcription downloads it`, advice: `Run \`media-jobs models pull ${model}\` to have it now.` };
    return fromError('model', error, modelAdvice);
  }
}

async function examineDisk(folder: string): Promise<Finding> {
  const { freeBytes, totalBytes } = await diskSpace(folder);
  const detail = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} free for the work folder`;
  if (freeBytes > 2 * defaultReserveBytes) return { name: 'disk', state: 'ok', detail };
  const state = freeBytes > defaultReserveBytes ? 'noted' : 'missing';
  return { name: 'disk', state, detail, advice: 'Free some space there, or choose another place with --work-folder.' };
}

async function examineFolder(folder: string): Promise<Finding> {
  const name = 'work folder';
  try {
    const there = await nearestThatExists(folder);
    await access(there, constants.W_OK | constants.X_OK);
    return { name, state: 'ok', detail: there === folder ? folder : `${folder} (made when it is needed)` };
  } catch (error) {
    return fromError(name, error, 'Choose another place with --work-folder, or correct its owner and rights.');
  }
}

async function nearestThatExists(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return nearestThatExists(dirname(folder));
  }
}

function fromError(name: string, thrown: unknown, otherwise: string): Finding {
  const { message, advice = otherwise } = MediaJobError.from(thrown);
  return { name, state: 'missing', detail: message, advice };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
