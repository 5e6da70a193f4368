import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { findJob } from '../jobs/find-job.ts';
import { jobDetail } from '../jobs/job-shape.ts';
import { jobSheet } from '../jobs/job-sheet.ts';
import { findWorkPlace, storeOptions } from '../jobs/work-place.ts';

/** `media-jobs job ID`. */
export const job: Command = Object.freeze({
  name: 'job',
  about: 'show one job: its error, its attempts with their last log lines, its files and times',
  operands: ['ID'],
  options: [{ name: 'json', about: 'print one object for programs' }, ...storeOptions],
  details: ['The beginning of an id is enough when no other job begins with it.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { stdout, clock, signal } = context;
  const place = await findWorkPlace(invocation, context);
  await using store = place.openStore();
  const record = await findJob(store, invocation.files[0] ?? '', signal);
  const { workFolder } = place;
  await stdout.write(invocation.isSet('json') ? `${JSON.stringify(jobDetail(record, workFolder), null, 2)}\n` : jobSheet(record, { workFolder, now: clock.now() }));
  return exitCodes.success;
}
