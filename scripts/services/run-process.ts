import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of the fleet. */
export interface RunningProcess {
  readonly pid: number;
  /** The end of what it wrote. */
  readonly log: () => string;
  readonly hasEnded: () => boolean;
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
  /** Sends the signal and waits until it is gone; `patienceMs` later it is killed. */
  readonly stop: (signal: NodeJS.Signals, patienceMs?: number) => Promise<void>;
}

const logLength = 65_536;

/** Starts a program whose output is kept, and passed on line by line. */
export function runProcess(command: string, args: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly onOutput?: (text: string) => void }): RunningProcess {
  const { cwd, env, onOutput = () => undefined } = options;
  const child: ChildProcess = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const keep = (text: string): void => {
    log = (log + text).slice(-logLength);
    onOutput(text);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  child.on('error', (error) => keep(`${error.message}\n`));
  const ended = once(child, 'close').then(() => undefined);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    pid: child.pid ?? 0,
    log: () => log,
    hasEnded,
    ended,
    async stop(signal, patienceMs = 15_000) {
      if (hasEnded()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Asks until the answer is yes. Throws when the process ends before that, or when the time is over. */
export async function untilReady(name: string, running: RunningProcess, ask: () => Promise<boolean>, patienceMs = 60_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await ask())) {
    if (running.hasEnded() || performance.now() > end) throw new Error(`${name} ${running.hasEnded() ? 'ended' : 'was not ready in time'}:\n${running.log().slice(-4_000)}`);
    await sleep(50);
  }
}

/** This port when it is free, else another. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as { readonly port: number }).port;
  } catch (error) {
    if (wanted === 0) throw error;
    return freePort();
  } finally {
    server.close();
  }
}
