// What the four services have in common: one Redis database and one work folder each, the plugin, and an end in order.
import multipart from '@fastify/multipart';
import { configFromEnv, createMediaJobs, type AnyMediaJobs, type EnvironmentConfig, type MediaJobsOptions } from '@media-jobs/core';
import { createFfmpeg, type Ffmpeg } from '@media-jobs/ffmpeg';
import { DisposalStack, MediaJobError, type Logger } from '@media-jobs/foundation';
import { createMetrics, mediaJobs, type MediaJobsHttpOptions } from '@media-jobs/http';
import { createRedisStore } from '@media-jobs/redis-store';
import Fastify, { type FastifyInstance } from 'fastify';
import { answerOriginalClients } from './original-clients.ts';

/** What a service finds when it opens. */
export interface Setting {
  readonly config: EnvironmentConfig;
  readonly environment: NodeJS.ProcessEnv;
  readonly logger: Logger;
  /** What is put in here is disposed when the service ends. */
  readonly held: DisposalStack;
}

/** What makes one service differ from another. */
export interface Service {
  readonly name: string;
  /** Its number: the database of Redis that is its own, and the end of its port. `DIVISOR` in the environment wins. */
  readonly divisor: number;
  open(setting: Setting): Promise<Pick<MediaJobsOptions, 'operations' | 'resetTargets'> & Pick<MediaJobsHttpOptions, 'remoteServices'>>;
  /** Other paths of the same: from, to. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Routes beside those of the plugin. */
  addRoutes?(app: FastifyInstance, jobs: AnyMediaJobs): void;
}

/** Starts a service and resolves when it listens. It ends with SIGTERM or SIGINT: running work is given back to the line. */
export async function startService(service: Service): Promise<void> {
  // A variable that is empty counts as not set.
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const environment: NodeJS.ProcessEnv = { DIVISOR: String(service.divisor), REDIS_URL: 'redis://localhost:6379/${DIVISOR}', ...given };
  const config = configFromEnv(environment);
  const { aliases = {} } = service;
  const app = Fastify({ rewriteUrl: ({ url = '/' }) => aliases[url] ?? url, logger: { level: environment.LOG_LEVEL ?? 'info' } });
  await using held = new DisposalStack();
  const { remoteServices = [], ...parts } = await service.open({ config, environment, logger: app.log, held });
  const metrics = held.use(createMetrics());
  const jobs = held.use(await createMediaJobs({
    ...parts,
    store: createRedisStore({ url: config.redisUrl, prefix: service.name, ownsDatabase: true, logger: app.log }),
    workFolder: config.workFolder ?? `./work/${service.name}`,
    environment: config,
    ...(config.maxInputBytes === undefined ? {} : { maxInputBytes: config.maxInputBytes }),
    onAttemptEnd: metrics.attemptEnded,
    logger: app.log,
  }));
  await app.register(multipart);
  answerOriginalClients(app);
  app.setErrorHandler((thrown, _request, reply) => {
    const { code, message: detail, advice, httpStatus } = MediaJobError.from(thrown);
    return reply.code(httpStatus).type('application/problem+json').send({ code, detail, advice });
  });
  service.addRoutes?.(app, jobs);
  await app.register(mediaJobs, { jobs, metrics, remoteServices, service: { name: service.name, version: '1.0.0' }, ...(environment.ADMIN_TOKEN === undefined ? {} : { adminToken: environment.ADMIN_TOKEN }) });
  await app.listen({ host: environment.HOST ?? '127.0.0.1', port: Number(environment.PORT ?? 8000 + Number(environment.DIVISOR)) });
  const kept = held.move();
  const stop = (): void => {
    // Again, it is the end at once: what is left is taken up when the service starts again.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
    void app.close().then(() => kept[Symbol.asyncDispose]()).catch((error: unknown) => {
      app.log.error({ err: error }, 'The service did not end in order');
      process.exitCode = 1;
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

/** ffmpeg and ffprobe where `FFMPEG_PATH` and `FFPROBE_PATH` say, else where they are found. */
export function ffmpegOf({ config: { ffmpegPath, ffprobePath }, logger }: Setting): Ffmpeg {
  return createFfmpeg({ logger, binaries: { ...(ffmpegPath === undefined ? {} : { ffmpeg: ffmpegPath }), ...(ffprobePath === undefined ? {} : { ffprobe: ffprobePath }) } });
}

/** The parts of a variable with commas in it. */
export function listOf(text = ''): readonly string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
}
