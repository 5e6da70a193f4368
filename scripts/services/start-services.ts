import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, runProcess, untilReady, type RunningProcess } from './run-process.ts';
import { addressVariable, serviceList } from './service-list.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface FleetOptions {
  /** Holds the work folders, the models and the data of Redis. */
  readonly folder: string;
  /** Wanted ports: this and the number of the service. Without it, any that are free. */
  readonly firstPort?: number;
  /** For the service of this name, besides what the fleet says itself. */
  readonly environment?: (name: string) => Readonly<Record<string, string>>;
  /** Told what a service writes. */
  readonly onOutput?: (name: string, text: string) => void;
}

/** The four services as processes of their own, with a Redis of their own. Disposal ends them all, and keeps the folder. */
export interface Fleet extends AsyncDisposable {
  readonly url: (name: string) => string;
  /** Databases of its own for each service: `redis://…/1` and so on. */
  readonly redisUrl: string;
  readonly processOf: (name: string) => RunningProcess;
  readonly start: (name: string) => Promise<void>;
  readonly stop: (name: string, signal: NodeJS.Signals) => Promise<void>;
}

/** Starts Redis and the four, and resolves when all take requests. */
export async function startServices(options: FleetOptions): Promise<Fleet> {
  const redisPort = await freePort();
  const ports = new Map<string, number>();
  for (const { name, divisor } of serviceList) ports.set(name, await freePort(options.firstPort === undefined ? 0 : options.firstPort + divisor));
  const redis = await startRedis(options.folder, redisPort);
  const running = new Map<string, RunningProcess>();
  const url = (name: string): string => `http://127.0.0.1:${ports.get(name)}`;
  const start = async (name: string): Promise<void> => {
    const started = startService(options, name, redisPort, ports);
    running.set(name, started);
    await untilReady(name, started, () => isReady(url(name)));
  };
  const fleet: Fleet = {
    url, start, redisUrl: `redis://127.0.0.1:${redisPort}`,
    processOf: (name) => running.get(name) ?? redis,
    stop: async (name, signal) => running.get(name)?.stop(signal),
    async [Symbol.asyncDispose]() {
      await Promise.all(Array.from(running.values(), (service) => service.stop('SIGTERM')));
      await redis.stop('SIGTERM');
    },
  };
  try {
    await Promise.all(serviceList.map(({ name }) => start(name)));
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
  return fleet;
}

function startService({ folder, environment = () => ({}), onOutput }: FleetOptions, name: string, redisPort: number, ports: ReadonlyMap<string, number>): RunningProcess {
  const addresses = Object.fromEntries(Array.from(ports, ([other, port]) => [addressVariable(other), `http://127.0.0.1:${port}`]));
  const env = {
    ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'), LOG_LEVEL: 'warn', ...environment(name), ...addresses,
    DIVISOR: String(serviceList.find((entry) => entry.name === name)?.divisor), PORT: String(ports.get(name)), HOST: '127.0.0.1',
    REDIS_URL: `redis://127.0.0.1:${redisPort}/\${DIVISOR}`, MEDIA_JOBS_WORK_FOLDER: join(folder, name), MEDIA_JOBS_MODELS_FOLDER: join(folder, 'models'),
  };
  const file = join(root, 'examples', name, `${name}.ts`);
  return runProcess(process.execPath, ['--conditions=@media-jobs/source', file], { cwd: root, env, ...(onOutput === undefined ? {} : { onOutput: (text) => onOutput(name, text) }) });
}

async function startRedis(folder: string, port: number): Promise<RunningProcess> {
  const data = join(folder, 'redis');
  await mkdir(data, { recursive: true });
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', data, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const redis = runProcess('redis-server', args, { cwd: data, env: process.env });
  await untilReady('redis-server', redis, () => listens(port));
  return redis;
}

/** 200 only when the service reaches its store. */
async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ready`)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy()).on('error', () => resolve(false));
  });
}
