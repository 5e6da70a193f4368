import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, startRedis, type TestRedis } from './redis-server.ts';

/** A cluster of a test: three masters, with or without a replica each. */
export interface TestCluster extends AsyncDisposable {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly servers: readonly TestRedis[];
}

const run = promisify(execFile);

/** Starts its servers and joins them. Ports stay below 55535, because the cluster bus takes each of them plus 10,000. */
export async function startCluster({ replicas = 0 }: { readonly replicas?: 0 | 1 } = {}): Promise<TestCluster> {
  const servers: TestRedis[] = [];
  while (servers.length < 3 * (1 + replicas)) {
    const port = await freePort();
    if (port > 55_000) continue;
    servers.push(await startRedis(['--save', '', '--appendonly', 'no', '--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0'], port));
  }
  const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  await run('redis-cli', ['--cluster', 'create', ...nodes.map(({ host, port }) => `${host}:${port}`), '--cluster-replicas', String(replicas), '--cluster-yes']);
  for (const { port } of nodes) {
    while (!(await run('redis-cli', ['-p', String(port), 'cluster', 'info'])).stdout.includes('cluster_state:ok')) await sleep(50);
  }
  return { nodes, servers, [Symbol.asyncDispose]: async () => { for (const server of servers) await server[Symbol.asyncDispose](); } };
}
