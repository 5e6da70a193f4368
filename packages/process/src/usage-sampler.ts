import type { Logger } from '@media-jobs/foundation';
import { listRelatives, type TreeMark } from './process-tree.ts';
import { msPerTick, readProcess, readProcessFile } from './process-table.ts';

/** What was seen of a tree so far; both figures only grow. */
export interface UsageSampler {
  /** Looks at the first process alone, at once. Cheap: two small reads, and not more often than every 20 ms. */
  glance(): void;
  /** Ends the sampling. */
  stop(): void;
  cpuMs(): number;
  peakRssBytes(): number;
}

const sampleEveryMs = 250;
const glanceEveryMs = 20;
/** Looking must not cost more than a hundredth of the time: where a look takes long, the next one waits longer. */
const costFactor = 100;

interface MemoryFacts {
  readonly now: number;
  readonly peak: number;
}

function readMemory(pid: number): MemoryFacts {
  const status = readProcessFile(pid, 'status') ?? '';
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Samples the CPU time and the memory of a tree until it is stopped. The first look is taken now. It never keeps the process alive. */
export function createUsageSampler(mark: TreeMark, logger: Logger): UsageSampler {
  let cpuTicks = 0;
  let peak = 0;
  let lastGlance = -Infinity;
  let handle: NodeJS.Timeout | undefined;
  let stopped = mark.startTicks === undefined;
  const glance = (): void => {
    if (stopped || performance.now() - lastGlance < glanceEveryMs) return;
    lastGlance = performance.now();
    const facts = readProcess(mark.pid);
    if (facts?.startTicks !== mark.startTicks) return;
    cpuTicks = Math.max(cpuTicks, (facts?.ownTicks ?? 0) + (facts?.reapedTicks ?? 0));
    peak = Math.max(peak, readMemory(mark.pid).peak);
  };
  const look = async (): Promise<void> => {
    const began = performance.now();
    const tree = await listRelatives(mark);
    if (stopped) return;
    const memory = tree.map(({ pid }) => readMemory(pid));
    cpuTicks = Math.max(cpuTicks, sum(tree.map(({ ownTicks, reapedTicks }) => ownTicks + reapedTicks)));
    peak = Math.max(peak, sum(memory.map(({ now }) => now)), ...memory.map((facts) => facts.peak));
    plan(Math.max(sampleEveryMs, (performance.now() - began) * costFactor));
  };
  const plan = (ms: number): void => {
    handle = setTimeout(() => {
      look().catch((error: unknown) => logger.warn({ pid: mark.pid, error }, 'The usage of a process cannot be sampled any longer.'));
    }, ms).unref();
  };
  glance();
  if (!stopped) plan(sampleEveryMs);
  return {
    glance,
    stop() {
      stopped = true;
      clearTimeout(handle);
    },
    cpuMs: () => cpuTicks * msPerTick,
    peakRssBytes: () => peak,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
