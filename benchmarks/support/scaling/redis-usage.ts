import type { Redis } from 'ioredis';

/** What a Redis has used since its start. */
export interface RedisUsage {
  /** When it was read, by this process. */
  readonly atMs: number;
  /** Processor time of the thread that runs commands. */
  readonly cpuMs: number;
  /** Commands, those in scripts included. */
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Asks the server; costs it a fraction of a millisecond. */
export async function readUsage(admin: Redis): Promise<RedisUsage> {
  const [cpu, stats, commandstats] = [await admin.info('cpu'), await admin.info('stats'), await admin.info('commandstats')];
  const number = (text: string, name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]);
  return {
    atMs: performance.now(),
    cpuMs: 1_000 * (number(cpu, 'used_cpu_user_main_thread') + number(cpu, 'used_cpu_sys_main_thread')),
    commands: [...commandstats.matchAll(/cmdstat_\S+?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0),
    bytesIn: number(stats, 'total_net_input_bytes'),
    bytesOut: number(stats, 'total_net_output_bytes'),
  };
}

/** What was used between two looks. */
export function usageBetween(before: RedisUsage, after: RedisUsage): RedisUsage {
  return {
    atMs: after.atMs - before.atMs, cpuMs: after.cpuMs - before.cpuMs, commands: after.commands - before.commands,
    bytesIn: after.bytesIn - before.bytesIn, bytesOut: after.bytesOut - before.bytesOut,
  };
}

/** What was used while this was done. */
export async function usageOf(admin: Redis, act: () => Promise<unknown>): Promise<RedisUsage> {
  const before = await readUsage(admin);
  await act();
  return usageBetween(before, await readUsage(admin));
}

/** Bytes that the data and the clients of the server take. */
export async function usedMemory(admin: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
}
