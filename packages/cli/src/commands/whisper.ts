import { buildWhisperCli } from '@media-jobs/whisper';
import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { verboseLogger } from '../line-logger.ts';
import { createProgressBar } from '../progress-bar.ts';
import { settingsOf } from '../settings.ts';
import { usageError } from '../usage-error.ts';

/** `media-jobs whisper build`. */
export const whisper: Command = Object.freeze({
  name: 'whisper',
  about: 'build the fast engine, whisper-cli, for this machine',
  operands: ['build'],
  options: [
    { name: 'cuda', about: 'for NVIDIA cards; needs their toolkit' },
    { name: 'force', about: 'build again, also when it is there' },
  ],
  details: [
    'Compiles whisper.cpp from the sources in the npm package nodejs-whisper, which must be installed, with cmake and a C++ compiler; takes a few minutes.',
    'The program is kept in $XDG_CACHE_HOME/media-jobs/engines (or ~/.cache), and every later transcription of this user takes it.',
  ],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const [action = ''] = invocation.files;
  if (action !== 'build') throw usageError(`Expected \`build\` after \`media-jobs whisper\`, got ${JSON.stringify(action)}.`, 'whisper');
  const { engineFolder } = settingsOf(invocation, context.environment);
  await using bar = createProgressBar({ output: context.stderr, clock: context.clock });
  const { command, version, built } = await buildWhisperCli({
    folder: engineFolder,
    flavour: invocation.isSet('cuda') ? 'cuda' : 'cpu',
    force: invocation.isSet('force'),
    signal: context.signal,
    logger: verboseLogger(invocation.isSet('verbose'), context),
    onProgress: (ratio) => bar.update({ ratio, phase: 'build' }),
  });
  await context.stdout.write(`whisper-cli ${version} ${built ? 'was built' : 'is there already'}: ${command}\n`);
  return exitCodes.success;
}
