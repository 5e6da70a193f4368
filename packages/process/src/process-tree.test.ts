import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ProcessFacts } from './process-table.ts';
import { readProcess } from './process-table.ts';
import { sendSignal, signalProcess, withRelatives } from './process-tree.ts';
import { createFakePrograms } from './testing/fake-programs.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

const facts = (pid: number, parent: number, group = pid, session = group): ProcessFacts => ({ pid, parent, group, session, startTicks: 1, ended: false, ownTicks: 0, reapedTicks: 0 });

describe('the relatives of a process', () => {
  it('are its descendants, its group, its session, and the descendants of those', () => {
    const processes = [facts(14, 12, 14), facts(10, 2), facts(12, 10, 10), facts(13, 1, 10), facts(15, 1, 15, 10), facts(16, 15, 16), facts(20, 2), facts(21, 20)];
    expect([...withRelatives([10], processes)].toSorted((a, b) => a - b)).toEqual([10, 12, 13, 14, 15, 16]);
  });
});

describe('a signal', () => {
  it('does not reach a later process with the same pid', () => {
    const self = readProcess('self');
    if (self === undefined) throw new Error('This test needs /proc.');
    expect(signalProcess({ ...self, startTicks: self.startTicks - 1 }, 'SIGKILL')).toBe(false);
  });

  it('to nobody is no error', () => {
    const gone = spawnSync('true').pid;
    expect(sendSignal(gone, 'SIGTERM')).toBe(false);
  });
});

/** A world without /proc needs a mount namespace of its own, and so the right to make one. */
const canHide = spawnSync('unshare', ['--mount', 'true']).status === 0;

describe.skipIf(!canHide)('where there is no /proc', () => {
  it('the group still ends with the program, by itself and on abort, and no owner is taken for dead', () => {
    const file = join(programs.folder, 'hidden.ts');
    writeFileSync(file, `import { endProcesses, isOwnerAlive, ownerId, processesOf, runProgram } from '${import.meta.dirname}/index.ts';
      const run = (script: string, signal?: AbortSignal) => runProgram({ command: 'sh', args: ['-c', script], ...(signal === undefined ? {} : { signal }) });
      const { stdoutTail, usage } = await run('sleep 60 & echo done');
      const code = await run('exec sleep 60', AbortSignal.timeout(100)).catch((error) => error.code);
      console.log(JSON.stringify({ stdoutTail, cpuMs: usage.cpuMs, code, owner: isOwnerAlive(ownerId()), found: await processesOf(ownerId()), ended: await endProcesses([1], { ownerId: ownerId() }) }));`);
    const hidden = `mount -t tmpfs none /proc && exec "${process.execPath}" --conditions=@media-jobs/source "${file}"`;
    const answer: unknown = JSON.parse(execFileSync('unshare', ['--mount', 'sh', '-c', hidden]).toString());
    expect(answer).toEqual({ stdoutTail: 'done\n', cpuMs: 0, code: 'ABORTED', owner: 'alive', found: [], ended: [] });
  });
});
