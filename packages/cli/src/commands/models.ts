import { createModels, type Models, type VerifiedModel } from '@media-jobs/whisper';
import { exitCodes, modelsFolderOption, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { verboseLogger } from '../line-logger.ts';
import { modelProgress, progressLines } from '../models/model-progress.ts';
import { modelsText, verifiedText } from '../models/models-text.ts';
import { createProgressBar } from '../progress-bar.ts';
import { settingsOf } from '../settings.ts';
import { bytesText, countText } from '../units.ts';
import { usageError } from '../usage-error.ts';

/** `media-jobs models list|pull|verify|rm`. */
export const models: Command = Object.freeze({
  name: 'models',
  about: 'list, pull, verify and remove models',
  operands: ['list|pull|verify|rm', '[NAME]'],
  options: [
    { name: 'source', value: 'URL', about: 'pull from here: the name of the file is put behind it (default: where whisper.cpp keeps its models)' },
    { name: 'all', about: 'rm: all models of the folder' },
    { name: 'json', about: 'print one object for programs' },
    modelsFolderOption,
  ],
  details: [
    '`list` shows what is there and what can be had. `pull NAME` downloads a model, or goes on with a download that was cut off,',
    'and prints its path. `verify [NAME]` reads one, or all that are there, and holds them against their published checksums; it',
    'ends with 1 when one is wrong. `rm NAME` and `rm --all` remove, unfinished downloads too.',
  ],
  run,
});

interface Action {
  readonly models: Models;
  readonly name: string | undefined;
  readonly invocation: Invocation;
  readonly context: CommandContext;
}

const actions: Readonly<Record<string, (action: Action) => Promise<ExitCode>>> = { list, pull, verify, rm };

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const [word = '', name] = invocation.files;
  const action = actions[word];
  if (action === undefined) throw usageError(`Expected one of ${Object.keys(actions).join(', ')} after \`media-jobs models\`, got ${JSON.stringify(word)}.`, 'models');
  const source = invocation.text('source');
  const { modelsFolder } = settingsOf(invocation, context.environment);
  const logger = verboseLogger(invocation.isSet('verbose'), context);
  return await action({ models: createModels({ folder: modelsFolder, logger, ...(source === undefined ? {} : { sources: [source] }) }), name, invocation, context });
}

async function list({ models: kept, name, invocation, context: { stdout } }: Action): Promise<ExitCode> {
  if (name !== undefined) throw usageError(`Expected nothing after \`models list\`, got ${JSON.stringify(name)}.`, 'models');
  const listed = await kept.list();
  await stdout.write(invocation.isSet('json') ? json({ folder: kept.folder, models: listed }) : modelsText(listed, stdout.columns));
  return exitCodes.success;
}

async function pull({ models: kept, name, invocation, context }: Action): Promise<ExitCode> {
  const { stdout, stderr, signal, clock } = context;
  const wanted = required(name, 'pull');
  await using bar = createProgressBar({ output: stderr, clock });
  const onProgress = stderr.isTerminal ? modelProgress(bar) : progressLines(stderr, wanted);
  const path = await kept.pull(wanted, { signal, onProgress, onWait: ({ pid }) => void stderr.write(`Another process${pid === undefined ? '' : ` (${pid})`} downloads it; waiting.\n`) });
  await bar[Symbol.asyncDispose]();
  await stdout.write(invocation.isSet('json') ? json({ name: wanted, path }) : `${path}\n`);
  return exitCodes.success;
}

async function verify({ models: kept, name, invocation, context: { stdout, stderr, signal, clock } }: Action): Promise<ExitCode> {
  const there = name === undefined ? (await kept.list()).filter(({ state }) => state === 'installed' || state === 'damaged').flatMap((model) => model.name ?? []) : [name];
  const verified: VerifiedModel[] = [];
  {
    await using bar = createProgressBar({ output: stderr, clock });
    for (const [index, each] of there.entries()) {
      bar.update({ ratio: index / there.length, phase: each });
      verified.push(await kept.verify(each, { signal }));
    }
  }
  await stdout.write(invocation.isSet('json') ? json({ models: verified }) : verifiedText(verified));
  return verified.every(({ ok }) => ok) ? exitCodes.success : exitCodes.failure;
}

async function rm({ models: kept, name, invocation, context: { stdout, stderr } }: Action): Promise<ExitCode> {
  const all = invocation.isSet('all');
  if (all === (name !== undefined)) throw usageError(`Expected either a name or \`--all\` after \`models rm\`, got ${all ? 'both' : 'neither'}.`, 'models');
  const removed = all ? await kept.removeAll() : await kept.remove(required(name, 'rm'));
  await stdout.write(invocation.isSet('json') ? json(removed) : `${countText(removed.models, 'model')} removed, ${bytesText(removed.bytes)} freed.\n`);
  for (const { reason } of removed.errors) await stderr.write(`media-jobs: ${reason}\n`);
  return removed.errors.length === 0 ? exitCodes.success : exitCodes.failure;
}

function required(name: string | undefined, action: string): string {
  if (name !== undefined) return name;
  throw usageError(`Expected the name of a model after \`models ${action}\`, got none.`, 'models');
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
