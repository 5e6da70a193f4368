import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gpuMemory, type GpuMemory } from '@media-jobs/cleanup';
import type { Engine } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { ResolvedWhisperOptions } from '../options.ts';
import { EnginePool, type PoolGpu } from './engine-pool.ts';
import { chooseGpu, GpuAdmission } from './gpu-admission.ts';

/** The engines of one transcriber, and the card that they use, if they use one. */
export async function openPool(options: ResolvedWhisperOptions, engine: Engine, modelFile: string): Promise<EnginePool> {
  const { threads, lanes, keepAliveMs, recycle, requireRelease, clock, logger } = options;
  const gpu = await findGpu(options, engine);
  return new EnginePool({ engine, open: { modelFile, threads }, lanes, keepAliveMs, recycle, gpu, requireRelease, clock, logger });
}

async function findGpu({ gpu: { command, uuid, reserveMiB, runsPerGpu, memoryWaitMs, lockFolder = defaultLockFolder() }, clock, logger }: ResolvedWhisperOptions, engine: Engine): Promise<PoolGpu | undefined> {
  if (!(await usesGpu(engine))) return undefined;
  const read = (signal?: AbortSignal): Promise<GpuMemory> => gpuMemory({ clock, logger, ...(command === undefined ? {} : { command }), ...(signal === undefined ? {} : { signal }) });
  const { gpus, reason } = await read();
  const card = chooseGpu(gpus, uuid);
  if (card === undefined && uuid !== undefined) {
    throw new MediaJobError('ENGINE_UNAVAILABLE', { message: `Expected the card ${uuid}, the driver names ${gpus.length === 0 ? `none: ${reason}` : gpus.map((gpu) => gpu.uuid).join(', ')}.`, advice: 'Take a UUID of `nvidia-smi -L`, or leave `gpu.uuid` out.' });
  }
  if (card === undefined) {
    logger.info({ reason }, 'no card of which the driver tells; its memory is not watched');
    return undefined;
  }
  return { uuid: card.uuid, read, admission: new GpuAdmission({ read, lockFolder, runsPerGpu, reserveMiB, memoryWaitMs, clock, logger }) };
}

/** An engine that is not there says so when it is used. */
async function usesGpu(engine: Engine): Promise<boolean> {
  try {
    return (await engine.usesGpu?.()) ?? false;
  } catch (error) {
    if (MediaJobError.from(error).code !== 'ENGINE_UNAVAILABLE') throw error;
    return false;
  }
}

/** The same for all processes of this user on this machine. */
const defaultLockFolder = (): string => join(tmpdir(), `media-jobs-gpu-${process.getuid?.() ?? 'user'}`);
