import type { HealthCheck, HealthReport } from '@media-jobs/core';
import { isCluster, type RedisClient } from './client-rules.ts';
import { storeError } from './redis-error.ts';
import type { ScriptRunner } from './script-runner.ts';

/** Settings of Redis that lose jobs without a word, each with what to do about it. */
const rules: readonly { readonly name: string; readonly fits: (value: string) => boolean; readonly advice: string }[] = [
  { name: 'maxmemory-policy', fits: (value) => value === 'noeviction', advice: 'Set `maxmemory-policy noeviction`: any other policy deletes jobs when memory runs short.' },
  { name: 'appendonly', fits: (value) => value === 'yes', advice: 'Set `appendonly yes`: without it a restart loses what came after the last snapshot.' },
  { name: 'appendfsync', fits: (value) => value === 'always', advice: 'Set `appendfsync always`: with `everysec` a power cut takes back up to a second of acknowledged jobs.' },
];

/** Looks at a server and at what its settings promise. A weak setting is told in `advice`, and does not make it unfit. */
export function createHealthCheck(runner: ScriptRunner): HealthCheck {
  return { name: 'redis', check: (signal) => orAborted(signal, runner.command('check', examine).catch((error: unknown) => failure(error))) };
}

function failure(error: unknown): HealthReport {
  const { message, advice } = storeError(error);
  return { ok: false, detail: message, ...(advice === undefined ? {} : { advice }) };
}

async function orAborted(signal: AbortSignal, report: Promise<HealthReport>): Promise<HealthReport> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<HealthReport>((resolve) => {
    onAbort = (): void => resolve({ ok: false, detail: 'Redis did not answer in time.', advice: 'Start Redis or check the address.' });
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([report, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function examine(client: RedisClient): Promise<HealthReport> {
  const node = isCluster(client) ? client.nodes('master')[0] ?? client : client;
  const version = /redis_version:(\S+)/.exec(await node.info('server'))?.[1] ?? 'unknown';
  const warnings = [...replicaWarnings(await node.info('replication'))];
  for (const { name, fits, advice } of rules) {
    const value = await setting(node, name);
    if (value !== null && !fits(value)) warnings.push(advice);
  }
  return { ok: true, detail: `Redis ${version}${isCluster(client) ? ', a cluster' : ''}`, ...(warnings.length === 0 ? {} : { advice: warnings.join(' ') }) };
}

/** A server without a replica takes its jobs with it; one that is a replica takes no writes. */
function replicaWarnings(replication: string): readonly string[] {
  if (/role:slave/.test(replication)) return ['Give the address of the master: this is a replica, and refuses to write.'];
  if (!/connected_slaves:0/.test(replication)) return [];
  return ['Add a replica and set `minReplicas`, if jobs must outlive this server: it has none.'];
}

/** Null where reading settings is not allowed, as with many hosted servers. */
async function setting(node: RedisClient, name: string): Promise<string | null> {
  try {
    const reply = (await node.config('GET', name)) as readonly string[];
    return reply[1] ?? null;
  } catch (error) {
    if (/unknown command|NOPERM|not allowed/i.test((error as Error).message)) return null;
    throw error;
  }
}
