import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCode } from './file-errors.ts';

/** Memory that this process may still take. */
export interface MemorySpace {
  /** What can be had without anything being ended: free, and what the kernel keeps only as a cache. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What sets the limit: the machine, or the control group of a container or service. */
  readonly limitedBy: 'machine' | 'control group';
}

/** Options of `memorySpace`. */
export interface MemorySpaceOptions {
  /** Where `/proc` and `/sys` are found; another folder in tests. Default `/`. */
  readonly root?: string;
}

/**
 * Memory of the machine, or of the tightest control group (version 1 or 2) around this process where that leaves less:
 * in a container the machine's figure says nothing. Outside Linux it is what Node tells of the machine.
 */
export async function memorySpace({ root = '/' }: MemorySpaceOptions = {}): Promise<MemorySpace> {
  const machine = await ofMachine(root);
  const groups = await ofControlGroups(root);
  return [machine, ...groups].reduce((least, space) => (space.freeBytes < least.freeBytes ? space : least));
}

async function ofMachine(root: string): Promise<MemorySpace> {
  const lines = await read(join(root, 'proc/meminfo'));
  const kibibytes = (name: string): number | undefined => numberAfter(lines, `${name}:`);
  const [free, total] = [kibibytes('MemAvailable'), kibibytes('MemTotal')];
  if (free === undefined || total === undefined) return { freeBytes: freemem(), totalBytes: totalmem(), limitedBy: 'machine' };
  return { freeBytes: free * 1024, totalBytes: total * 1024, limitedBy: 'machine' };
}

/** Where one version of control groups tells its figures. */
interface GroupFiles {
  readonly mount: string;
  readonly limit: string;
  readonly used: string;
  /** In `memory.stat`: pages of files that the kernel can drop at once, which count as used. */
  readonly cache: string;
}

const version1: GroupFiles = { mount: 'sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cache: 'total_inactive_file' };
const version2: GroupFiles = { mount: 'sys/fs/cgroup', limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' };

async function ofControlGroups(root: string): Promise<MemorySpace[]> {
  const spaces: MemorySpace[] = [];
  for (const line of (await read(join(root, 'proc/self/cgroup'))).split('\n')) {
    const [id, controllers = '', path = ''] = line.split(':');
    if (id === '0' && controllers === '') spaces.push(...(await upwards(root, version2, path)));
    else if (controllers.split(',').includes('memory')) spaces.push(...(await upwards(root, version1, path)));
  }
  return spaces;
}

/** The group of the process and all around it: each may have a limit. In a container the path may lead out of what is mounted there; its own group is the mount then. */
async function upwards(root: string, files: GroupFiles, path: string): Promise<MemorySpace[]> {
  const spaces: MemorySpace[] = [];
  for (let current = join('/', path); ; current = dirname(current)) {
    const space = await ofGroup(join(root, files.mount, current), files);
    if (space !== undefined) spaces.push(space);
    if (current === '/') return spaces;
  }
}

async function ofGroup(folder: string, { limit, used, cache }: GroupFiles): Promise<MemorySpace | undefined> {
  const totalBytes = number(await read(join(folder, limit)));
  const usedBytes = number(await read(join(folder, used)));
  // A group without a limit says `max`, or in version 1 a number beyond all memory.
  if (totalBytes === undefined || usedBytes === undefined || totalBytes >= Number.MAX_SAFE_INTEGER / 2) return undefined;
  const cacheBytes = numberAfter(await read(join(folder, 'memory.stat')), `${cache} `) ?? 0;
  return { freeBytes: Math.max(0, totalBytes - Math.max(0, usedBytes - cacheBytes)), totalBytes, limitedBy: 'control group' };
}

function numberAfter(lines: string, start: string): number | undefined {
  return number(lines.split('\n').find((line) => line.startsWith(start))?.slice(start.length) ?? '');
}

function number(text: string): number | undefined {
  const digits = /^\s*(\d+)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Empty where there is no such file, or none for this user. */
async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === '') throw error;
    return '';
  }
}
