import { chmodSync, writeFileSync } from 'node:fs';
import { ownerId, processesOf } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';
import { gpuMemory } from './gpu-memory.ts';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();

afterAll(async () => {
  expect(await processesOf(ownerId())).toEqual([]);
});

/** A `nvidia-smi` that answers each query with these lines, or does whatever the shell says. */
function scripted(cards: string, processes = ''): string {
  const file = scratch.path('nvidia-smi');
  writeFileSync(file, `#!/bin/sh\ncase "$1" in\n--query-gpu=*) ${cards} ;;\n--query-compute-apps=*) ${processes || ':'} ;;\n*) exit 9 ;;\nesac\n`);
  chmodSync(file, 0o755);
  return file;
}

const say = (...lines: readonly string[]): string => `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;

test('tells the memory of each card, in the order of their index, and who holds it', async () => {
  const command = scripted(
    say('GPU-b, 1, 24564, 1200, 22964, NVIDIA GeForce RTX 4090', 'GPU-a, 0, 81559, 4, 81080, NVIDIA H100 80GB, HBM3'),
    say('GPU-b, 4711, 812', 'GPU-b, 4712, 388'),
  );
  expect(await gpuMemory({ command })).toEqual({
    gpus: [
      { uuid: 'GPU-a', index: 0, name: 'NVIDIA H100 80GB, HBM3', totalMiB: 81_559, usedMiB: 4, freeMiB: 81_080, processes: [] },
      { uuid: 'GPU-b', index: 1, name: 'NVIDIA GeForce RTX 4090', totalMiB: 24_564, usedMiB: 1200, freeMiB: 22_964, processes: [{ pid: 4711, usedMiB: 812 }, { pid: 4712, usedMiB: 388 }] },
    ],
    reason: null,
  });
});

test('leaves open what the driver does not tell', async () => {
  const command = scripted(say('GPU-a, 0, [N/A], [Not Supported], [N/A], Shared'), say('GPU-a, 12, [N/A]', 'GPU-a, [N/A], [N/A]'));
  expect((await gpuMemory({ command })).gpus).toEqual([{ uuid: 'GPU-a', index: 0, name: 'Shared', totalMiB: null, usedMiB: null, freeMiB: null, processes: [{ pid: 12, usedMiB: null }] }]);
});

test('knows the cards where only the list of processes is refused, and says so', async () => {
  const { gpus, reason } = await gpuMemory({ command: scripted(say('GPU-a, 0, 100, 10, 90, Card'), 'exit 3') });
  expect(gpus).toMatchObject([{ uuid: 'GPU-a', freeMiB: 90, processes: [] }]);
  expect(reason).toMatch(/processes are not known/);
});

test.each([
  ['is not there', () => scratch.path('absent'), /to be there/],
  ['fails', () => scripted('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18'), /18/],
  ['speaks nonsense', () => scripted(say('No devices were found')), /names no card/],
  ['says nothing', () => scripted(':'), /names no card/],
])('gives an empty list with the reason when nvidia-smi %s', async (_what, make, reason) => {
  expect(await gpuMemory({ command: make() })).toEqual({ gpus: [], reason: expect.stringMatching(reason) as string });
});

test('does not wait for a driver that hangs, nor leaves its program behind', async () => {
  const began = performance.now();
  const { gpus, reason } = await gpuMemory({ command: scripted("trap '' TERM; sleep 60"), timeoutMs: 150 });
  expect(gpus).toEqual([]);
  expect(reason).toMatch(/150 ms/);
  expect(performance.now() - began).toBeLessThan(3000);
});

test('throws when the caller gives up, and for a limit that is none', async () => {
  await expect(gpuMemory({ command: scripted('sleep 60'), signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(gpuMemory({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('without a command asks what this machine has', async () => {
  const { gpus, reason } = await gpuMemory();
  expect(gpus.length > 0 || reason !== null).toBe(true);
});
