import { exitCodes, modelsFolderOption, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { serverLogger } from '../line-logger.ts';
import { filesOption } from '../jobs/files-place.ts';
import { storeOptions } from '../jobs/work-place.ts';
import { settingsOf } from '../settings.ts';
import { wholeNumberOf } from '../whole-number.ts';
import { runWorker } from '../worker/run-worker.ts';
import { builtInOperations } from '../worker/worker-operations.ts';

const mostWide = 1_024;
const longestDrainSeconds = 86_400;
const highestPort = 65_535;

/** `media-jobs worker`. */
export const worker: Command = Object.freeze({
  name: 'worker',
  about: 'work on jobs that others submit, until it is told to end',
  operands: [],
  options: [
    { name: 'operations', value: 'NAMES', about: `what to work on, with commas: ${builtInOperations.join(', ')}, or those of --module` },
    { name: 'module', value: 'FILE', about: 'a module that exports `operations`, a list of your own' },
    { name: 'concurrency', value: 'N', about: 'jobs of each operation at once (default: what the operation says)' },
    { name: 'drain', value: 'SECONDS', about: 'how long running jobs may take to end after the first signal (default: 30)' },
    { name: 'port', value: 'PORT', about: 'serve /health/live, /health/ready and /metrics there; 0 for any that is free (default: none)' },
    { name: 'host', value: 'HOST', about: 'with --port: the address to listen on (default: 127.0.0.1)' },
    { name: 'queue', value: 'URL', about: 'with --redis: the queue is in this Redis; `env` for $REDIS_URL (default: that of --redis)' },
    { name: 'model', value: 'MODEL', about: 'for transcribe: name of a model, or path of one (default: $MEDIA_JOBS_MODEL)' },
    modelsFolderOption,
    ...storeOptions,
    filesOption,
  ],
  details: [
    'With --redis, work comes by BullMQ to as many workers as there are, on any machines that share the work folder, or --files; else from jobs.db in it.',
    'The first SIGTERM or SIGINT ends it in order: it takes nothing more, lets running jobs end for as long as --drain says, and hands the rest to others, no attempt charged.',
    'What it does stands on stderr, a line for each event.',
  ],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const names = (invocation.text('operations') ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  const port = wholeNumberOf(invocation, 'port', { least: 0, most: highestPort });
  const concurrency = wholeNumberOf(invocation, 'concurrency', { least: 1, most: mostWide });
  await runWorker({
    names, concurrency, invocation,
    module: invocation.text('module'),
    drainMs: (wholeNumberOf(invocation, 'drain', { least: 0, most: longestDrainSeconds }) ?? 30) * 1_000,
    listen: port === undefined ? null : { port, host: invocation.text('host') ?? '127.0.0.1' },
    settings: settingsOf(invocation, context.environment),
    logger: serverLogger(invocation.isSet('verbose'), context),
  }, context);
  return exitCodes.success;
}
