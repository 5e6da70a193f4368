import { MediaJobError, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { runProgram } from '@media-jobs/process';
import { checkAmount } from './options.ts';

/** A process that holds memory of a graphics card. */
export interface GpuProcess {
  /** As the driver tells it: in a container it may be the pid that the host knows. */
  readonly pid: number;
  /** Null where the driver does not tell, as on WSL, on Windows and with MIG. */
  readonly usedMiB: number | null;
}

/** One graphics card. Figures are null where the driver does not tell, as on cards that share the machine's memory. */
export interface Gpu {
  /** Stays the same when cards are added or taken away; an index does not. */
  readonly uuid: string;
  readonly index: number;
  readonly name: string;
  readonly totalMiB: number | null;
  /** By everybody on the machine. */
  readonly usedMiB: number | null;
  readonly freeMiB: number | null;
  /** Empty also where the driver lists none, as in most containers. */
  readonly processes: readonly GpuProcess[];
}

/** What the driver says now. */
export interface GpuMemory {
  /** In the order of their index; empty where there is no NVIDIA driver. */
  readonly gpus: readonly Gpu[];
  /** Why something is missing; null when the driver has answered everything. */
  readonly reason: string | null;
}

/** How the driver is asked. */
export interface GpuMemoryOptions {
  /** The program to ask. Default: `nvidia-smi` of `PATH`, or where WSL keeps it. */
  readonly command?: string;
  /** Longest time for the whole answer. Default 10,000: a card that slept may take some seconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** The defaults of `gpuMemory`. */
export const gpuMemoryDefaults = Object.freeze({ commands: Object.freeze(['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi']), timeoutMs: 10_000 });

/** A program in state D cannot even be killed; it is waited for so long after its limit, and then left behind. */
const graceMs = 2000;
const csv = '--format=csv,noheader,nounits';
const gpuQuery = ['--query-gpu=uuid,index,memory.total,memory.used,memory.free,name', csv];
const processQuery = ['--query-compute-apps=gpu_uuid,pid,used_memory', csv];

/**
 * Memory of each NVIDIA card, and who holds it, as `nvidia-smi` tells. Where there is no driver, or it does not answer in
 * time, the list is empty and `reason` says why. Throws `INVALID_OPTION`, and `ABORTED` when the signal aborts.
 */
export async function gpuMemory(options: GpuMemoryOptions = {}): Promise<GpuMemory> {
  const { command, timeoutMs = gpuMemoryDefaults.timeoutMs } = options;
  checkAmount('timeoutMs', timeoutMs);
  let answer = unanswered('There is no nvidia-smi.');
  for (const candidate of command === undefined ? gpuMemoryDefaults.commands : [command]) {
    const said = await askBoth(candidate, { ...options, timeoutMs });
    if (said.found || command !== undefined) answer = said;
    if (said.found) break;
  }
  return Object.freeze({ gpus: Object.freeze(answer.gpus), reason: answer.reason });
}

interface Answer extends GpuMemory {
  /** Whether there is such a program at all. */
  readonly found: boolean;
}

type Asked = GpuMemoryOptions & { readonly timeoutMs: number };

const unanswered = (reason: string, found = false): Answer => ({ gpus: [], reason, found });

async function askBoth(command: string, options: Asked): Promise<Answer> {
  const [cards, processes] = await Promise.allSettled([ask(command, gpuQuery, options), ask(command, processQuery, options)]);
  if (cards.status === 'rejected') {
    const error = failure(cards.reason, options);
    return unanswered(error.message, error.code !== 'PROGRAM_NOT_FOUND');
  }
  const holders = processes.status === 'fulfilled' ? rows(processes.value).map(readProcess).filter((holder) => holder !== undefined) : [];
  const gpus = rows(cards.value).map((row) => readGpu(row, holders)).filter((gpu) => gpu !== undefined);
  if (gpus.length === 0) return unanswered('nvidia-smi names no card.', true);
  const reason = processes.status === 'rejected' ? `The processes are not known: ${failure(processes.reason, options).message}` : null;
  return { gpus: gpus.sort((one, other) => one.index - other.index), reason, found: true };
}

/** The error as one of ours; the caller's own abort is thrown. */
function failure(thrown: unknown, { signal }: Asked): MediaJobError {
  const error = MediaJobError.from(thrown);
  if (signal?.aborted === true) throw error;
  return error;
}

async function ask(command: string, args: readonly string[], { timeoutMs, signal, logger, clock = systemClock }: Asked): Promise<string> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  using _limit = clock.after(timeoutMs + graceMs, () => {
    reject(new MediaJobError('TIMEOUT', { message: `Expected ${command} to end within ${timeoutMs} ms, but it cannot even be killed.`, advice: 'The driver hangs; look into the log of the kernel.' }));
  });
  const run = runProgram({
    command,
    args,
    timeoutMs,
    clock,
    killAfter: [0, 0, 200],
    ...(signal === undefined ? {} : { signal }),
    ...(logger === undefined ? {} : { logger }),
  });
  const { stdoutTail } = await Promise.race([run, late]);
  return stdoutTail;
}

const rows = (text: string): string[][] => text.split('\n').filter((line) => line.trim() !== '').map((line) => line.split(',').map((field) => field.trim()));

/** `[N/A]`, `[Not Supported]` and whatever else is no number. */
function amount(field: string | undefined): number | null {
  return field !== undefined && /^\d+$/.test(field) ? Number(field) : null;
}

type Holder = GpuProcess & { readonly uuid: string };

function readProcess([uuid = '', pidField, used]: readonly string[]): Holder | undefined {
  const pid = amount(pidField);
  return pid === null ? undefined : { uuid, pid, usedMiB: amount(used) };
}

/** The name stands last: it is the one field that may hold a comma. */
function readGpu([uuid = '', indexField, total, used, free, ...name]: readonly string[], holders: readonly Holder[]): Gpu | undefined {
  const index = amount(indexField);
  if (index === null || !uuid.startsWith('GPU-')) return undefined;
  const processes = holders.filter((holder) => holder.uuid === uuid).map(({ pid, usedMiB }) => Object.freeze({ pid, usedMiB }));
  return Object.freeze({ uuid, index, name: name.join(', '), totalMiB: amount(total), usedMiB: amount(used), freeMiB: amount(free), processes: Object.freeze(processes) });
}
