import type { Engine, EngineOpenOptions, ReleaseReceipt } from '@media-jobs/core';
import type { Clock, Logger } from '@media-jobs/foundation';
import { GpuAccount, requireProof } from '../release/gpu-account.ts';
import { joinSignals } from './abort.ts';
import { degrading, stepsOf, type DegradeStep } from './degrade.ts';
import { EngineLane, type LaneRequest, type LaneRun } from './engine-lane.ts';
import { gpuNeedMiB, type GpuAdmission } from './gpu-admission.ts';
import type { RecycleLimits } from './recycling.ts';
import { Turns } from './turns.ts';

/** A graphics card, and who may go onto it. */
export interface PoolGpu {
  readonly uuid: string;
  readonly read: ConstructorParameters<typeof GpuAccount>[0]['read'];
  readonly admission: GpuAdmission;
}

export interface EnginePoolOptions {
  readonly engine: Engine;
  readonly open: Pick<EngineOpenOptions, 'modelFile' | 'threads'>;
  /** Engines at a time. */
  readonly lanes: number;
  readonly keepAliveMs: number;
  readonly recycle: RecycleLimits;
  readonly gpu: PoolGpu | undefined;
  /** A run whose memory did not come back is an error. */
  readonly requireRelease: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A model file, and how large it is. */
export interface PoolModel {
  readonly file: string;
  readonly bytes: number;
  readonly stamp: string;
}

export interface PoolRequest extends LaneRequest {
  /** Size of the model's file, of which the need of a card follows. */
  readonly modelBytes?: number;
  /** What may be used when memory is short. */
  readonly smallerModel?: PoolModel | undefined;
}

export interface PoolRun extends LaneRun {
  readonly degraded: readonly DegradeStep[];
}

/** Several lanes behind one line: who asks first is served first, by a warm engine where one is free. */
export class EnginePool implements AsyncDisposable {
  readonly #options: EnginePoolOptions;
  readonly #lanes: readonly EngineLane[];
  readonly #free: EngineLane[];
  readonly #turns: Turns;
  #asked = 0;

  constructor(options: EnginePoolOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: options.lanes }, () => new EngineLane({ ...laneOptions(options), isWanted: () => this.#asked > this.#busy }));
    this.#free = [...this.#lanes];
    this.#turns = new Turns(options.lanes);
  }

  async run(request: PoolRequest): Promise<PoolRun> {
    const { logger, gpu, requireRelease } = this.#options;
    this.#asked += 1;
    using _asked = { [Symbol.dispose]: () => void (this.#asked -= 1) };
    const steps = stepsOf({ beamSize: request.beamSize, hasSmallerModel: request.smallerModel !== undefined, onGpu: gpu !== undefined });
    const { result: run, degraded } = await degrading(steps, request.logger ?? logger, (taken) => this.#attempt(reduced(request, taken, gpu?.uuid)));
    if (requireRelease) requireProof(run.release);
    return { ...run, degraded };
  }

  /** Ends the engines after the runs that were asked for before; the receipt of the last. */
  async unload(): Promise<ReleaseReceipt | null> {
    const receipts = await Promise.all(this.#lanes.map((lane) => lane.unload()));
    return receipts.findLast((receipt) => receipt !== null) ?? null;
  }

  /** Ends engines that were kept for more work of which none came: those that nobody uses or waits for. The receipt of the last. */
  async endKept(): Promise<ReleaseReceipt | null> {
    const { keepAliveMs, requireRelease } = this.#options;
    if (keepAliveMs > 0) return null;
    const idle = this.#lanes.length > 1 ? [...this.#free] : this.#asked === 0 ? this.#lanes : [];
    const receipts = await Promise.all(idle.map((lane) => lane.unload()));
    if (requireRelease) receipts.forEach(requireProof);
    return receipts.findLast((receipt) => receipt !== null) ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The lanes abort what runs; those in line find a lane that is closed.
    await Promise.all(this.#lanes.map((lane) => lane[Symbol.asyncDispose]()));
  }

  get #busy(): number {
    return this.#lanes.length === 1 ? 1 : this.#lanes.length - this.#free.length;
  }

  async #attempt(request: PoolRequest): Promise<LaneRun> {
    if (this.#lanes.length === 1 && this.#lanes[0] !== undefined) return this.#onCard(this.#lanes[0], request);
    using controls = joinSignals(request.signal, request.kill);
    using _turn = await this.#turns.take(controls.signal);
    const lane = this.#take(request);
    try {
      return await this.#onCard(lane, request);
    } finally {
      this.#free.push(lane);
    }
  }

  #take(request: LaneRequest): EngineLane {
    const warm = this.#free.findIndex((lane) => lane.isWarmFor(request));
    const [lane] = this.#free.splice(Math.max(0, warm), 1);
    if (lane === undefined) throw new TypeError('A turn was given without a free lane.');
    return lane;
  }

  #onCard(lane: EngineLane, request: PoolRequest): Promise<LaneRun> {
    const { gpu } = this.#options;
    if (gpu === undefined || request.device === 'cpu') return lane.run(request);
    const needMiB = lane.isWarmFor(request) ? 0 : gpuNeedMiB(request.modelBytes ?? 0, request.beamSize);
    return gpu.admission.enter({ uuid: gpu.uuid, needMiB, signal: request.signal }, () => lane.run(request));
  }
}

function laneOptions({ engine, open, keepAliveMs, recycle, gpu, clock, logger }: EnginePoolOptions): ConstructorParameters<typeof EngineLane>[0] {
  return { engine, open, keepAliveMs, recycle, clock, logger, gpu: gpu === undefined ? undefined : new GpuAccount({ uuid: gpu.uuid, read: gpu.read, clock }) };
}

/** The request after the steps down. */
function reduced(request: PoolRequest, taken: readonly DegradeStep[], uuid: string | undefined): PoolRequest {
  const device = taken.includes('cpu') ? 'cpu' : uuid;
  const { smallerModel } = request;
  return {
    ...request,
    ...(device === undefined ? {} : { device }),
    ...(taken.includes('smaller-beam') ? { beamSize: 1 } : {}),
    ...(taken.includes('smaller-model') && smallerModel !== undefined ? { modelFile: smallerModel.file, modelStamp: smallerModel.stamp, modelBytes: smallerModel.bytes } : {}),
  };
}
