import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createRedisStore } from '@media-jobs/redis-store';
import { perAct, type UnitCost } from './unit-costs.ts';
import { usageOf, usedMemory } from './redis-usage.ts';
import { operation, requestOf, waitInVain } from './store-load.ts';

/** What connections cost that do nothing, and such that follow the stream of events. */
export interface ConnectionCosts {
  readonly bytesEach: number;
  /** One event for one that follows. */
  readonly followed: UnitCost;
  /** One question for cancels and resets, which waits until its time is over, of many that wait at once. */
  readonly wait: UnitCost;
  readonly maxClients: number;
}

/** Opens so many connections; then has so many stores follow so many events. */
export async function measureConnections(admin: Redis, url: string, { sockets, followers, events, waiters }: { readonly sockets: number; readonly followers: number; readonly events: number; readonly waiters: number }): Promise<ConnectionCosts> {
  const { hostname, port } = new URL(url);
  const before = await usedMemory(admin);
  const opened = await Promise.all(Array.from({ length: sockets }, () => openSocket(hostname, Number(port))));
  const bytesEach = ((await usedMemory(admin)) - before) / sockets;
  for (const socket of opened) socket.destroy();
  const [alone, followed] = [await eventsCost(admin, url, 0, events), await eventsCost(admin, url, followers, events)];
  const share = (name: keyof UnitCost): number => (followed[name] - alone[name]) / followers;
  const [, maxClients = ''] = await admin.config('GET', 'maxclients');
  return { bytesEach, followed: { cpuMicros: share('cpuMicros'), commands: share('commands'), bytesIn: share('bytesIn'), bytesOut: share('bytesOut') }, wait: await waitCost(admin, waiters), maxClients: Number(maxClients) };
}

async function openSocket(host: string, port: number): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.write('PING\r\n');
  await once(socket, 'data');
  return socket;
}

/** Of one event, while so many stores follow: submits, one each few milliseconds, as independent processes would. */
async function eventsCost(admin: Redis, url: string, followers: number, events: number): Promise<UnitCost> {
  const prefix = `followed-${followers}`;
  await using store = createRedisStore({ url, prefix });
  const epoch = await store.epoch();
  const stores = Array.from({ length: followers }, () => createRedisStore({ url, prefix }));
  let heard = 0;
  const watches = stores.map((each) => each.watch(() => void (heard += 1)));
  const until = async (holds: () => boolean): Promise<void> => { while (!holds()) await new Promise((resolve) => void setTimeout(resolve, 5)); };
  // All of them listen when each has heard of the same job.
  for (let tries = 0; heard < followers; tries += 1) {
    heard = 0;
    await store.submit(requestOf(epoch, `first-${tries}`));
    await new Promise((resolve) => void setTimeout(resolve, 200));
  }
  heard = 0;
  const usage = await usageOf(admin, async () => {
    for (let index = 0; index < events; index += 1) {
      await store.submit(requestOf(epoch, `event-${index}`, { operation: operation.length }));
      await new Promise((resolve) => void setTimeout(resolve, 4));
    }
    await until(() => heard >= events * followers);
  });
  for (const watch of watches) watch[Symbol.dispose]();
  await Promise.all(stores.map((each) => each[Symbol.asyncDispose]()));
  await admin.flushdb();
  return perAct(usage, events);
}

/** Redis ends such waits ten times a second, and works a little by itself meanwhile: that is taken off. */
async function waitCost(admin: Redis, waiters: number): Promise<UnitCost> {
  const clients = Array.from({ length: waiters }, () => admin.duplicate());
  const waitAll = () => Promise.all(clients.map((client) => waitInVain(client, 'waits', 1)));
  await waitAll();
  const rounds = 20;
  const usage = await usageOf(admin, async () => { for (let round = 0; round < rounds; round += 1) await waitAll(); });
  const idle = await usageOf(admin, () => sleep(usage.atMs));
  await Promise.all(clients.map((client) => client.quit()));
  return perAct({ ...usage, cpuMs: usage.cpuMs - idle.cpuMs }, waiters * rounds);
}
