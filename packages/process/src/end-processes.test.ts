import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeOwner, isOwnerAlive, ownerId, parseOwner } from './owner.ts';
import { endProcesses } from './end-processes.ts';
import { processesOf } from './owner-processes.ts';
import { readProcess } from './process-table.ts';
import { createFakePrograms } from './testing/fake-programs.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

const isAlive = (pid: number): boolean => readProcess(pid)?.ended === false;
const stranger = describeOwner({ ...parseOwner(ownerId()), pid: 1, start: 1 });

/** A Node process that runs a program in three generations, killed without a word. Resolves with its owner id and the pids that it left. */
async function leaveBehind(): Promise<{ readonly owner: string; readonly pids: readonly number[] }> {
  const script = programs.shell('generations', 'setsid sh -c "trap : TERM; echo pid \\$\\$; while :; do sleep 0.1; done" & sleep 60 & echo pid $!; wait');
  const file = join(programs.folder, 'owner.ts');
  writeFileSync(file, `import { ownerId, runProgram } from '${import.meta.dirname}/index.ts';
    console.log('owner ' + ownerId());
    void runProgram({ command: '${script}', args: [], onStdoutLine: (line) => console.log(line) });`);
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if ([...text.matchAll(/pid \d+\n/g)].length === 2) break;
  }
  child.kill('SIGKILL');
  if (child.signalCode === null) await once(child, 'exit');
  return { owner: /owner (\S+)/.exec(text)?.[1] ?? '', pids: [...text.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid)) };
}

describe('the processes of a dead owner', () => {
  it('are found, and ended with everything that they started', async () => {
    const { owner, pids } = await leaveBehind();
    expect(isOwnerAlive(owner)).toBe('dead');
    const found = await processesOf(owner);
    expect(found).toEqual(expect.arrayContaining([...pids]));
    const ended = await endProcesses(found, { ownerId: owner });
    expect(ended).toEqual(expect.arrayContaining([...pids]));
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await processesOf(owner)).toEqual([]);
  });
});

describe('ending processes', () => {
  const start = async (env: NodeJS.ProcessEnv): Promise<ChildProcess & { readonly pid: number }> => {
    const child = spawn('sleep', ['60'], { env: { ...process.env, ...env } });
    await once(child, 'spawn');
    return child as ChildProcess & { readonly pid: number };
  };

  it('leaves those alone that do not carry the mark, this process among them', async () => {
    const bystander = await start({ MEDIA_JOBS_OWNER: ownerId() });
    expect(await endProcesses([bystander.pid, process.pid, 1], { ownerId: stranger })).toEqual([]);
    expect(isAlive(bystander.pid)).toBe(true);
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
  });

  it('reaches what is started in answer to the first TERM, in a session of its own', async () => {
    const script = programs.shell('successor', 'trap \'setsid sleep 60 >/dev/null 2>&1 & echo pid $!; exit\' TERM; echo ready; while :; do sleep 0.02; done');
    const child = spawn(script, { env: { ...process.env, MEDIA_JOBS_OWNER: stranger, MEDIA_JOBS_RUN: 'run-1' }, stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    await once(child.stdout, 'data');
    const ended = await endProcesses([child.pid ?? 0], { ownerId: stranger });
    const successor = Number(/pid (\d+)/.exec(said)?.[1]);
    expect(ended).toEqual(expect.arrayContaining([child.pid, successor]));
    expect(isAlive(successor)).toBe(false);
  });

  it('spares the process that does it, though it carries the mark itself', () => {
    const code = `import { endProcesses, processesOf } from '${import.meta.dirname}/index.ts';
      const found = await processesOf('${stranger}');
      const ended = await endProcesses([process.pid], { ownerId: '${stranger}' });
      console.log(JSON.stringify({ found, ended }));`;
    const answer = execFileSync(process.execPath, ['--conditions=@media-jobs/source', '--input-type=module', '-e', code], { env: { ...process.env, MEDIA_JOBS_OWNER: stranger } });
    expect(JSON.parse(answer.toString())).toEqual({ found: [], ended: [] });
  });

  it('finds the mark also where it is one of several', async () => {
    const child = await start({ MEDIA_JOBS_OWNER: `${ownerId()}:${stranger}` });
    expect(await processesOf(stranger)).toEqual([child.pid]);
    expect(await endProcesses([child.pid], { ownerId: stranger })).toEqual([child.pid]);
    expect(isAlive(child.pid)).toBe(false);
  });

  it('refuses what is no owner id', async () => {
    await expect(processesOf('nobody')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(endProcesses([1], { ownerId: '' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
