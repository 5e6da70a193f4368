import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { statsText } from '../jobs/stats-text.ts';
import { findWorkPlace, storeOptions } from '../jobs/work-place.ts';

/** `media-jobs stats`. */
export const stats: Command = Object.freeze({
  name: 'stats',
  about: 'count the jobs, files and cache hits of a work folder',
  operands: [],
  options: [{ name: 'json', about: 'print one object for programs' }, ...storeOptions],
  details: ['Times of an operation are those of its completed jobs that are still kept.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const place = await findWorkPlace(invocation, context);
  await using store = place.openStore();
  const counts = await store.stats();
  await context.stdout.write(invocation.isSet('json') ? `${JSON.stringify(counts, null, 2)}\n` : statsText(counts));
  return exitCodes.success;
}
