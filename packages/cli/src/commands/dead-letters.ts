import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { deadLetterTable } from '../jobs/job-table.ts';
import { defaultLimit, limitOf } from '../jobs/list-jobs.ts';
import { printJobs } from '../jobs/print-jobs.ts';
import { storeOptions } from '../jobs/work-place.ts';

const name = 'dead-letters';

/** `media-jobs dead-letters`. */
export const deadLetters: Command = Object.freeze({
  name,
  about: 'list failed jobs that ran out of attempts or of workers, newest first',
  operands: [],
  options: [
    { name: 'limit', value: 'N', about: `at most so many (default: ${defaultLimit})` },
    { name: 'json', about: 'print one object for programs, as `jobs` does' },
    ...storeOptions,
  ],
  details: ['WHY is what was used up: the attempts, the workers that may be lost, or the tries that are not charged.', '`job ID` says what went wrong, `retry ID` puts it in line again.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  await printJobs(invocation, context, { filter: { deadLetter: true }, limit: limitOf(invocation, name), table: deadLetterTable, none: 'No dead letters.' });
  return exitCodes.success;
}
