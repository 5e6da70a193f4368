import type { Logger } from '@media-jobs/foundation';
import { listRelatives, type TreeMark } from './process-tree.ts';
import { msPerTick, readProcess, readProcessFile } from './process-table.ts';

/** What was seen of a tree so far; both figures only grow. */
export interface UsageSampler {
  /** Looks at the first process alone, at once. Cheap: two small reads, and not more often than every 20 ms. */
  readonly glance: () => void;
  /** Ends the sampling. */
  readonly stop: () => void;
  readonly cpuMs: () => number;
  readonly peakRssBytes: () => number;
}

const sampleEveryMs = 250;
/** The first looks come sooner, so that short runs are not all zero. */
const firstLookMs = 15;
const glanceEveryMs = 20;
/** Looking may take a twentieth of the time: on a machine with so many processes that a look takes long, the next one waits longer. */
const costFactor = 20;

interface Seen {
  cpuTicks: number;
  rssBytes: number;
}

function readMemory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readProcessFile(pid, 'status') ?? '';
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function lookAtFirst(mark: TreeMark, seen: Seen): void {
  const facts = readProcess(mark.pid);
  if (facts === undefined || facts.startTicks !== mark.startTicks) return;
  seen.cpuTicks = Math.max(seen.cpuTicks, facts.ownTicks + facts.reapedTicks);
  seen.rssBytes = Math.max(seen.rssBytes, readMemory(mark.pid).peak);
}

async function lookAtTree(mark: TreeMark, seen: Seen): Promise<void> {
  const tree = await listRelatives(mark);
  const memory = tree.map(({ pid }) => readMemory(pid));
  seen.cpuTicks = Math.max(seen.cpuTicks, sum(tree.map(({ ownTicks, reapedTicks }) => ownTicks + reapedTicks)));
  seen.rssBytes = Math.max(seen.rssBytes, sum(memory.map(({ now }) => now)), ...memory.map(({ peak }) => peak));
}

/** Samples the CPU time and the memory of a tree until it is stopped. The first look is taken now. It never keeps the process alive. */
export function createUsageSampler(mark: TreeMark, logger: Logger): UsageSampler {
  const seen: Seen = { cpuTicks: 0, rssBytes: 0 };
  let lastGlance = -Infinity;
  let handle: NodeJS.Timeout | undefined;
  let stopped = mark.startTicks === undefined;
  const glance = (): void => {
    if (stopped || performance.now() - lastGlance < glanceEveryMs) return;
    lastGlance = performance.now();
    lookAtFirst(mark, seen);
  };
  const look = async (nextMs: number): Promise<void> => {
    const began = performance.now();
    await lookAtTree(mark, seen);
    if (!stopped) plan(Math.max(nextMs, (performance.now() - began) * costFactor));
  };
  const plan = (ms: number): void => {
    handle = setTimeout(() => {
      look(Math.min(ms * 4, sampleEveryMs)).catch((error: unknown) => logger.warn({ pid: mark.pid, error }, 'The usage of a process cannot be sampled any longer.'));
    }, ms).unref();
  };
  glance();
  if (!stopped) plan(firstLookMs);
  return {
    glance,
    stop() {
      stopped = true;
      clearTimeout(handle);
    },
    cpuMs: () => seen.cpuTicks * msPerTick,
    peakRssBytes: () => seen.rssBytes,
  };
}
