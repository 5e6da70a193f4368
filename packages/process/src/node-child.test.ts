import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, describe, expect, it } from 'vitest';
import { killAtOnce } from './kill-order.ts';
import { startNodeChild, type NodeChild, type NodeChildOptions } from './node-child.ts';
import { readProcess } from './process-table.ts';
import { createFakePrograms } from './testing/fake-programs.ts';

const programs = createFakePrograms();

afterAll(async () => {
  expect(await programs.survivors()).toEqual([]);
  programs[Symbol.dispose]();
});

const isAlive = (pid: number): boolean => readProcess(pid)?.ended === false;

const source = (name: string, body: string): string => {
  const file = join(programs.folder, `${name}.ts`);
  writeFileSync(file, `process.on('disconnect', () => process.exit());\n${body}\n`);
  return file;
};
const echo = source('echo', "const send = (value: unknown): void => void process.send?.(value); process.on('message', (message) => send({ echo: message })); send('ready');");

/** A child, and the messages that it sent. */
async function start(options: Partial<NodeChildOptions> & Pick<NodeChildOptions, 'module'>): Promise<{ readonly child: NodeChild; readonly next: () => Promise<unknown> }> {
  const messages: unknown[] = [];
  const child = await startNodeChild({ onMessage: (message) => messages.push(message), ...options });
  const next = async (): Promise<unknown> => {
    while (messages.length === 0) await pause(5);
    return messages.shift();
  };
  return { child, next };
}

describe('a Node child', () => {
  it('takes messages and answers, from a TypeScript source named by a path or a URL', async () => {
    for (const module of [echo, pathToFileURL(echo), pathToFileURL(echo).href]) {
      const { child, next } = await start({ module });
      await using _ = child;
      expect(await next()).toBe('ready');
      await child.send({ list: [1, 'two', null] });
      expect(await next()).toEqual({ echo: { list: [1, 'two', null] } });
    }
  });

  it('imports packages from their sources when it is a source itself', async () => {
    const module = source('imports', `import { ownerId } from '${import.meta.dirname}/index.ts'; process.send?.(typeof ownerId());`);
    const { child, next } = await start({ module });
    await using _ = child;
    expect(await next()).toBe('string');
  });

  it('gets its arguments and variables', async () => {
    const module = source('arguments', 'process.send?.([process.argv.slice(2), process.env.ADDED, process.execArgv])');
    const { child, next } = await start({ module, args: ['a b', '$c'], env: { ADDED: '1' }, execArgv: ['--no-warnings'] });
    await using _ = child;
    expect(await next()).toEqual([['a b', '$c'], '1', ['--conditions=@media-jobs/source', '--no-warnings']]);
  });

  it('that ends by itself tells its exit code, its last words and what it cost', async () => {
    const { child } = await start({ module: source('ends', "console.log('out'); console.error('err'); process.exitCode = 4; process.disconnect();") });
    const exit = await child.exited;
    expect(exit).toMatchObject({ exitCode: 4, signal: null, stdoutTail: 'out\n', stderrTail: 'err\n', usage: { pid: child.pid, command: 'ends.ts' } });
    expect(exit.usage.peakRssBytes).toBeGreaterThan(1 << 20);
  });

  it('has given its last message before `exited` resolves', async () => {
    const seen: unknown[] = [];
    const module = source('last', "process.send?.('last', () => process.exit());");
    const child = await startNodeChild({ module, onMessage: (message) => seen.push(message) });
    await child.exited;
    expect(seen).toEqual(['last']);
  });

  it('gives its lines of output', async () => {
    const lines: string[] = [];
    const { child } = await start({ module: source('lines', "console.log('out'); console.error('err'); process.disconnect();"), onStdoutLine: (line) => lines.push(line), onStderrLine: (line) => lines.push(line) });
    await child.exited;
    expect(lines.toSorted()).toEqual(['err', 'out']);
  });

  it('refuses a message once it has ended', async () => {
    const { child } = await start({ module: echo });
    await child.stop(killAtOnce);
    await expect(child.send('too late')).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
  });

  it('is ended with its children by `stop`, and KILL comes when it ignores TERM', async () => {
    const module = source('stubborn', "import { spawn } from 'node:child_process'; process.on('SIGTERM', () => {}); process.send?.(spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid);");
    const { child, next } = await start({ module });
    const grandchild = (await next()) as number;
    const began = performance.now();
    expect(await child.stop()).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(performance.now() - began).toBeLessThan(1600);
    expect([child.pid, grandchild].filter(isAlive)).toEqual([]);
  });

  it('is ended by the end of its block', async () => {
    let pid: number;
    {
      const { child, next } = await start({ module: echo });
      await using _ = child;
      pid = child.pid;
      await next();
    }
    expect(isAlive(pid)).toBe(false);
  });

  it.each(['signal', 'kill'] as const)('is ended by an abort of `%s`', async (name) => {
    const controller = new AbortController();
    const { child, next } = await start({ module: echo, [name]: controller.signal });
    await next();
    controller.abort();
    expect((await child.exited).signal).toBe(name === 'kill' ? 'SIGKILL' : 'SIGTERM');
  });

  it('is not started at all when the signal was aborted before', async () => {
    const reason = new MediaJobError('CANCELLED', { message: 'No.' });
    await expect(startNodeChild({ module: echo, onMessage: () => undefined, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('is ended when a listener throws, and `exited` tells what', async () => {
    const thrown = new Error('from the listener');
    const child = await startNodeChild({
      module: echo,
      onMessage() {
        throw thrown;
      },
    });
    expect((await child.exited).listenerError).toBe(thrown);
  });

  it('is one process of its own group', async () => {
    const { child, next } = await start({ module: source('self', 'process.send?.(process.pid);') });
    await using _ = child;
    expect(await next()).toBe(child.pid);
    expect(readProcess(child.pid)).toMatchObject({ group: child.pid, session: child.pid, parent: process.pid });
  });

  it.each(['kill', 'ignore'] as const)('does not outlive this process when that is killed (parentDeath: %s)', async (parentDeath) => {
    const file = join(programs.folder, `parent-${parentDeath}.ts`);
    writeFileSync(file, `import { startNodeChild } from '${import.meta.dirname}/index.ts';
      const child = await startNodeChild({ module: '${echo}', parentDeath: '${parentDeath}', onMessage: () => console.log('pid ' + child.pid) });`);
    const parent = spawn(process.execPath, ['--conditions=@media-jobs/source', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(/\d+/.exec(String(text))?.[0]);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    while (isAlive(pid)) await pause(10);
  });
});
