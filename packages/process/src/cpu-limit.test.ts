import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { withCpuLimit } from './cpu-limit.ts';
import { runProgram } from './run-program.ts';
import { createFakePrograms } from './testing/fake-programs.ts';

const programs = createFakePrograms();
afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

const busy = programs.shell('busy', `echo $$ > ${join(programs.folder, 'pid')}; while :; do :; done`);

describe('prlimit', () => {
  it('stands before the program when its processor time is limited, and is left out otherwise', async () => {
    const path = process.env['PATH'];
    expect(await withCpuLimit(2.5, ['/bin/x', '-a'], path)).toEqual([expect.stringMatching(/prlimit$/), '--cpu=3:4', '/bin/x', '-a']);
    expect(await withCpuLimit(undefined, ['/bin/x', '-a'], path)).toEqual(['/bin/x', '-a']);
    expect(await withCpuLimit(2, ['/bin/x', '-a'], '/nonexistent')).toEqual(['/bin/x', '-a']);
  });

  it('lets the kernel end a program that has used up its processor time', async () => {
    const error = await runProgram({ command: busy, args: [], cpuSeconds: 1 }).catch((reason: unknown) => reason);
    expect(error).toEqual(expect.objectContaining({ code: 'PROGRAM_KILLED', facts: expect.objectContaining({ signal: 'SIGXCPU' }) }));
  }, 60_000);

  it('does so when nobody watches any more, though the program would outlive us', async () => {
    const code = `const { runProgram } = await import(${JSON.stringify(fileURLToPath(new URL('run-program.ts', import.meta.url)))});
      await runProgram({ command: ${JSON.stringify(busy)}, args: [], cpuSeconds: 2, parentDeath: 'ignore', onStart: () => console.log('started') });`;
    const parent = spawn(process.execPath, ['--conditions=@media-jobs/source', '--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const pid = readFileSync(join(programs.folder, 'pid'), 'utf8').trim();
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), { timeout: 50_000, interval: 50 });
  }, 60_000);

  it('refuses a limit that is none', async () => {
    await expect(runProgram({ command: busy, args: [], cpuSeconds: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('tells of a program that cannot be started as without it', async () => {
    const lost = programs.shell('lost', '');
    const error: unknown = await runProgram({ command: lost.replace('lost', 'nowhere'), args: [], cpuSeconds: 5 }).catch((reason: unknown) => reason);
    expect(error).toEqual(expect.objectContaining({ code: 'PROGRAM_NOT_FOUND' }));
  });
});
