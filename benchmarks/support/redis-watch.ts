import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** For how long one Redis kept its other clients waiting. */
export interface Blocked {
  /** The longest command, as Redis itself measured it: milliseconds. */
  readonly commandMs: number;
  /** The longest answer to a ping of another client, milliseconds; the machine's other work is in it. */
  readonly pingMs: number;
}

/**
 * Gives the server and the pings of this process the processor whenever they want it, for the turns of other work would else be
 * told as time in which Redis was blocked. Neither wants much. False where this user may not. Children do not inherit it.
 */
export function favour(serverPid: number): boolean {
  return [serverPid, process.pid].every((pid) => spawnSync('chrt', ['--reset-on-fork', '--fifo', '--pid', '1', String(pid)]).status === 0);
}

/** Takes that from this process again. */
export function unfavour(): void {
  spawnSync('chrt', ['--other', '--pid', '0', String(process.pid)]);
}

/** Watches a server that logs commands from a tenth of a millisecond on (`slowlog-log-slower-than`): pings it once each millisecond until it is told to stop. */
export async function watchRedis(url: string): Promise<() => Promise<Blocked>> {
  const client = new Redis(url);
  await client.slowlog('RESET');
  const state = { longest: 0, ended: false };
  const pinging = (async () => {
    while (!state.ended) {
      const sentAt = performance.now();
      await client.ping();
      state.longest = Math.max(state.longest, performance.now() - sentAt);
      await sleep(1);
    }
  })();
  return async () => {
    state.ended = true;
    await pinging;
    const entries = (await client.slowlog('GET', 100_000)) as readonly (readonly [number, number, number])[];
    client.disconnect();
    return { pingMs: state.longest, commandMs: Math.max(0, ...entries.map(([, , micros]) => micros)) / 1_000 };
  };
}
