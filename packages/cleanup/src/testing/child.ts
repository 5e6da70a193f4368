import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach } from 'vitest';

/** A Node process that runs one of the programs beside this file. */
export interface TestChild {
  readonly child: ChildProcess;
  /** Its next line of JSON. Rejects with what it wrote to stderr when it ends without one. */
  readonly next: () => Promise<unknown>;
  /** Sends SIGKILL and waits for the end. */
  readonly kill: () => Promise<void>;
}

const started: TestChild[] = [];
// Also after a test that failed half-way no child stays.
afterEach(async () => {
  for (const child of started.splice(0)) await child.kill();
});

/** Starts a program with this Node and the sources. */
export function startChild(program: 'hold-things' | 'as-nobody' | 'contend-lock' | 'hold-lock' | 'fetch-slowly', args: readonly string[]): TestChild {
  const path = new URL(`./${program}.ts`, import.meta.url);
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', path.pathname, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'close');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const testChild: TestChild = {
    child,
    async next() {
      const line = await lines.next();
      if (line.done === true) throw new Error(`The child ended without a line: ${stderr}`);
      return JSON.parse(line.value);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  started.push(testChild);
  return testChild;
}
