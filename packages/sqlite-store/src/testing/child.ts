import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of this folder in a process of its own; it talks by messages and ends when the test does. */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The next message; rejects when the process ends first. */
  readonly next: () => Promise<unknown>;
  /** Everything that it says until it ends, in order. */
  readonly rest: () => Promise<unknown[]>;
}

/** Compiled sources, kept between children and runs: they start five times as fast. */
const compileCache = fileURLToPath(new URL('../../../../node_modules/.cache/compiled', import.meta.url));

/** Starts `testing/<name>.ts` with these arguments. */
export function startChild(name: string, ...given: readonly string[]): Child {
  const child = fork(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), [...given], {
    execArgv: ['--conditions', '@media-jobs/source'], stdio: ['ignore', 'inherit', 'pipe', 'ipc'], env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  const messages: unknown[] = [];
  let errors = '';
  let wake = (): void => undefined;
  const sleep = (): Promise<void> => new Promise((resolve) => { wake = resolve; });
  const closed = once(child, 'close');
  let ended = false;
  child.stderr?.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
  child.on('message', (message) => { messages.push(message); wake(); });
  child.on('close', () => { ended = true; wake(); });
  const next = async (): Promise<unknown> => {
    while (messages.length === 0) {
      if (ended) throw new Error(`The child ended first (${child.exitCode ?? child.signalCode}): ${errors}`);
      await sleep();
    }
    return messages.shift();
  };
  const rest = async (): Promise<unknown[]> => {
    await closed;
    if (child.exitCode !== 0 && child.signalCode === null) throw new Error(`The child failed: ${errors}`);
    return messages.splice(0);
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { process: child, next, rest, [Symbol.asyncDispose]: end };
}
