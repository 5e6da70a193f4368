import { resolve } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { exitCodes, modelsFolderOption, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { modelAdvice } from '../model-advice.ts';
import { formats, isFormat, renderAnswer, type Format } from '../transcribe/formats.ts';
import { settingsOf, type Settings } from '../settings.ts';
import { transcribeFile, type TranscribeRequest } from '../transcribe/transcribe-file.ts';
import { usageError } from '../usage-error.ts';
import { checkOutput, writeOutput } from '../write-output.ts';

/** `media-jobs transcribe FILE`. */
export const transcribe: Command = Object.freeze({
  name: 'transcribe',
  about: 'write down what is said in an audio or video file',
  operands: ['FILE'],
  options: [
    { name: 'model', value: 'MODEL', about: 'name of a model, such as base.en, which is downloaded when it is absent, or path of one (default: $MEDIA_JOBS_MODEL)' },
    { name: 'no-download', about: 'fail when the model is absent' },
    modelsFolderOption,
    { name: 'language', value: 'CODE', about: 'the language spoken, such as en, or auto to listen for it (default: auto)' },
    { name: 'translate', about: 'into English' },
    { name: 'drop-hallucinations', about: 'leave out what is likely made up; without it, JSON marks it' },
    { name: 'format', value: 'FORMAT', about: `${formats.join(', ')} (default: txt)` },
    { name: 'output', value: 'FILE', about: 'write there instead of to stdout; a file that is there is replaced' },
    { name: 'no-cache', about: 'transcribe again, also when the same content was transcribed before' },
  ],
  details: [
    'The result goes to stdout and nothing else does. The same content, model and language are answered from the cache.',
    'A file whose name starts with a dash goes after `--`.',
  ],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const [file = ''] = invocation.files;
  const format = formatOf(invocation);
  const output = invocation.text('output');
  if (output === '') throw usageError('Expected `--output` to name a file, got an empty text.', 'transcribe');
  const settings = settingsOf(invocation, context.environment);
  const request: TranscribeRequest = {
    file: resolve(file),
    model: modelOf(settings),
    language: invocation.text('language') ?? 'auto',
    translate: invocation.isSet('translate'),
    hallucinations: invocation.isSet('drop-hallucinations') ? 'drop' : 'flag',
    download: !invocation.isSet('no-download'),
    fresh: invocation.isSet('no-cache'),
    verbose: invocation.isSet('verbose'),
    settings,
  };
  if (output !== undefined) await checkOutput(output, request.file);
  const answer = await transcribeFile(request, context);
  const text = renderAnswer(answer, format);
  await (output === undefined ? context.stdout.write(text) : writeOutput(output, text, context.signal));
  return exitCodes.success;
}

function formatOf(invocation: Invocation): Format {
  const format = invocation.text('format') ?? 'txt';
  if (isFormat(format)) return format;
  throw usageError(`Expected \`--format\` to be one of ${formats.join(', ')}, got ${JSON.stringify(format)}.`, 'transcribe');
}

function modelOf({ model }: Settings): string {
  if (model !== undefined) return model;
  throw new MediaJobError('INVALID_OPTION', { message: 'Expected a model, by `--model` or in MEDIA_JOBS_MODEL, got none.', advice: modelAdvice });
}
