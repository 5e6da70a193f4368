import type { ResetOptions, ResetReport, Resettable } from '@media-jobs/cleanup';
import { createModels } from '@media-jobs/whisper';
import { exitCodes, modelsFolderOption, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { resetText } from '../jobs/reset-text.ts';
import { filesOption } from '../jobs/files-place.ts';
import { findWorkPlace, openJobs, storeOptions, type WorkPlace } from '../jobs/work-place.ts';
import { settingsOf } from '../settings.ts';
import { usageError } from '../usage-error.ts';

/** `media-jobs reset`. */
export const reset: Command = Object.freeze({
  name: 'reset',
  about: 'remove what is expired and left over; with --deep all jobs, results and temp files of the work folder',
  operands: [],
  options: [
    { name: 'deep', about: 'all jobs and all their files, those that wait or run among them' },
    { name: 'models', about: 'all downloaded models as well' },
    { name: 'queue', about: 'waiting lines as well, where a service keeps one beside its store' },
    { name: 'yes', about: 'do not ask; needed where nobody can be asked' },
    { name: 'json', about: 'print the report for programs' },
    modelsFolderOption,
    ...storeOptions,
    filesOption,
  ],
  details: [
    'It cannot be undone. With --deep it cancels running jobs, also those of other processes, and may take a minute: it ends when',
    'their programs are gone and everything is removed. Two resets at the same time are one. One that was cut off is finished by the next.',
    'Prints what was removed; ends with 1 when something could not be.',
  ],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { stdout, signal } = context;
  const place = await findWorkPlace(invocation, context, { touchesFiles: true });
  const level = invocation.isSet('deep') ? 'deep' : 'basic';
  if (!(await isMeant(invocation, context, place, level))) {
    await context.stderr.write('Nothing was removed.\n');
    return exitCodes.failure;
  }
  const models = createModels({ folder: settingsOf(invocation, context.environment).modelsFolder, logger: place.logger });
  const report = await resetOnce(place, { level, queue: invocation.isSet('queue'), models: invocation.isSet('models') }, models, signal);
  await stdout.write(invocation.isSet('json') ? `${JSON.stringify(report, null, 2)}\n` : resetText(report));
  return report.ok ? exitCodes.success : exitCodes.failure;
}

/** Whether a person says so, or said so on the command line. Throws `INVALID_OPTION` where nobody can be asked. */
async function isMeant(invocation: Invocation, { ask }: CommandContext, { workFolder }: WorkPlace, level: 'basic' | 'deep'): Promise<boolean> {
  if (invocation.isSet('yes')) return true;
  if (ask === undefined) throw usageError('Expected `--yes` where nobody can be asked, got none.', 'reset');
  const what = level === 'deep' ? 'All jobs, results and temp files in' : 'Expired jobs and what dead processes left in';
  const also = invocation.isSet('models') ? ' and all downloaded models' : '';
  const answer = await ask(`${what} ${workFolder}${also} will be removed. This cannot be undone. Type yes to go on: `);
  return answer.trim().toLowerCase() === 'yes';
}

async function resetOnce(place: WorkPlace, options: ResetOptions, models: Resettable, signal: AbortSignal): Promise<ResetReport> {
  // A folder with a `jobs.db` that is none of ours is no work folder, and must not become one.
  await using store = place.openStore();
  await store.ping();
  await using jobs = await openJobs(place, [models]);
  signal.throwIfAborted();
  const stop = (): void => void jobs.close({ deadlineMs: 0 });
  signal.addEventListener('abort', stop);
  const report = await jobs.reset(options);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  return report;
}
