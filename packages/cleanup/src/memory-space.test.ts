import { mkdirSync, writeFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { memorySpace } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const mib = 1024 * 1024;

/** A machine with 8 GiB, of which 4 are free, and what else these files say. */
function machine(files: Readonly<Record<string, string>>): Promise<{ freeBytes: number; totalBytes: number; limitedBy: string }> {
  const all = { 'proc/meminfo': `MemTotal:        ${8 * 1024 * 1024} kB\nMemFree:          100 kB\nMemAvailable:    ${4 * 1024 * 1024} kB\n`, ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(scratch.path(name)), { recursive: true });
    writeFileSync(scratch.path(name), text);
  }
  return memorySpace({ root: scratch.path() });
}

test('without a limit it is what the machine can give without ending anything', async () => {
  expect(await machine({ 'proc/self/cgroup': '0::/\n' })).toEqual({ freeBytes: 4096 * mib, totalBytes: 8192 * mib, limitedBy: 'machine' });
  expect(await machine({ 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': 'max\n', 'sys/fs/cgroup/a/memory.current': `${mib}\n` })).toMatchObject({ limitedBy: 'machine' });
});

test('in a container it is what its control group leaves, and what the kernel only caches counts as free', async () => {
  const files = { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': `${512 * mib}\n`, 'sys/fs/cgroup/memory.current': `${400 * mib}\n`, 'sys/fs/cgroup/memory.stat': `anon 1\ninactive_file ${100 * mib}\nactive_file 5\n` };
  expect(await machine(files)).toEqual({ freeBytes: 212 * mib, totalBytes: 512 * mib, limitedBy: 'control group' });
});

test('of nested groups the tightest counts', async () => {
  const limit = (path: string, max: number, used: number) => ({ [`sys/fs/cgroup/${path}memory.max`]: `${max * mib}`, [`sys/fs/cgroup/${path}memory.current`]: `${used * mib}` });
  expect(await machine({ 'proc/self/cgroup': '0::/system.slice/jobs.service\n', ...limit('system.slice/jobs.service/', 2_000, 100), ...limit('system.slice/', 1_000, 950) })).toEqual({ freeBytes: 50 * mib, totalBytes: 1_000 * mib, limitedBy: 'control group' });
});

test('version 1 is read as well, and its number for no limit is none', async () => {
  const files = (max: string) => ({ 'proc/self/cgroup': '5:cpu,cpuacct:/x\n9:memory:/x\n', 'sys/fs/cgroup/memory/x/memory.limit_in_bytes': max, 'sys/fs/cgroup/memory/x/memory.usage_in_bytes': `${90 * mib}`, 'sys/fs/cgroup/memory/x/memory.stat': `total_inactive_file ${10 * mib}\n` });
  expect(await machine(files(`${100 * mib}`))).toEqual({ freeBytes: 20 * mib, totalBytes: 100 * mib, limitedBy: 'control group' });
  expect(await machine(files('9223372036854771712'))).toMatchObject({ limitedBy: 'machine' });
});

test('a machine that tells nothing is asked through Node, and this one has some', async () => {
  expect((await memorySpace({ root: scratch.path('nothing') })).totalBytes).toBe(totalmem());
  const here = await memorySpace();
  expect(here.freeBytes).toBeGreaterThan(0);
  expect(here.freeBytes).toBeLessThanOrEqual(Math.max(here.totalBytes, freemem()));
});
