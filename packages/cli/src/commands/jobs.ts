import { jobStates } from '@media-jobs/core';
import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { jobTable } from '../jobs/job-table.ts';
import { defaultLimit, filterOf, limitOf } from '../jobs/list-jobs.ts';
import { printJobs } from '../jobs/print-jobs.ts';
import { storeOptions } from '../jobs/work-place.ts';

const name = 'jobs';

/** `media-jobs jobs`. */
export const jobs: Command = Object.freeze({
  name,
  about: 'list the jobs of a work folder, newest first',
  operands: [],
  options: [
    { name: 'status', value: 'STATE', about: `only these: ${jobStates.join(', ')}` },
    { name: 'operation', value: 'NAME', about: 'only those of this operation, such as transcribe' },
    { name: 'limit', value: 'N', about: `at most so many (default: ${defaultLimit})` },
    { name: 'json', about: 'print one object for programs: `jobs`, and `more` when there are more than these' },
    ...storeOptions,
  ],
  details: ['The ids are shortened; `job`, `cancel` and `retry` take them as they are shown, and `--json` has them whole.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const filter = filterOf(invocation, name);
  const none = Object.keys(filter).length === 0 ? 'No jobs.' : 'No such jobs.';
  await printJobs(invocation, context, { filter, limit: limitOf(invocation, name), table: jobTable, none });
  return exitCodes.success;
}
