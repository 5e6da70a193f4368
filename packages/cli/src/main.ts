import { MediaJobError } from '@media-jobs/foundation';
import { exitCodes, type Command, type CommandContext, type ExitCode } from './command.ts';
import { cancel } from './commands/cancel.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { disk } from './commands/disk.ts';
import { doctor } from './commands/doctor.ts';
import { job } from './commands/job.ts';
import { jobs } from './commands/jobs.ts';
import { models } from './commands/models.ts';
import { reset } from './commands/reset.ts';
import { retry } from './commands/retry.ts';
import { scale } from './commands/scale.ts';
import { stats } from './commands/stats.ts';
import { sweep } from './commands/sweep.ts';
import { transcribe } from './commands/transcribe.ts';
import { whisper } from './commands/whisper.ts';
import { worker } from './commands/worker.ts';
import { errorLines, exitCodeOf } from './error-lines.ts';
import { commandHelp, generalHelp } from './help-text.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { usageError } from './usage-error.ts';
import { versionOfPackage } from './version.ts';

/** Every command, in the order of the help. A new one is a file in `commands/` and a name here. */
const commands: readonly Command[] = [transcribe, models, doctor, jobs, job, cancel, retry, deadLetters, stats, disk, sweep, reset, worker, scale, whisper];

/** Runs one command line, without the program's name. Errors are told on stderr; the exit code is the answer. */
export async function main(words: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(words, context);
  } catch (error) {
    const end = words.indexOf('--');
    const verbose = words.slice(0, end === -1 ? undefined : end).includes('--verbose');
    await context.stderr.write(errorLines(context.signal.aborted ? interrupted(error) : error, { verbose }));
    return context.signal.aborted ? exitCodes.interrupted : exitCodeOf(error);
  }
}

async function dispatch([name, ...rest]: readonly string[], context: CommandContext): Promise<ExitCode> {
  if (name === undefined) {
    await context.stderr.write(generalHelp(commands));
    return exitCodes.usage;
  }
  if (name === '--version') return print(context, `${versionOfPackage()}\n`);
  if (name === '--help' || name === '-h' || name === 'help') return help(rest, context);
  const command = commandOf(name);
  const invocation = parseCommandLine(command, rest);
  if (invocation.isSet('help')) return print(context, commandHelp(command));
  return command.run(invocation, context);
}

async function help([name, ...rest]: readonly string[], context: CommandContext): Promise<ExitCode> {
  if (rest.length > 0) throw usageError(`Expected one command after \`help\`, got ${rest.length + 1}.`);
  return print(context, name === undefined ? generalHelp(commands) : commandHelp(commandOf(name)));
}

function commandOf(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  throw usageError(`Expected a command (${commands.map((candidate) => candidate.name).join(', ')}, help), got ${JSON.stringify(name)}.`);
}

async function print(context: CommandContext, text: string): Promise<ExitCode> {
  await context.stdout.write(text);
  return exitCodes.success;
}

function interrupted(error: unknown): MediaJobError {
  return new MediaJobError('INTERRUPTED', {
    message: 'Interrupted; nothing is left running.',
    advice: 'Run the same command again to get the result.',
    cause: error,
  });
}
