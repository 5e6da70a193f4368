import { readFile } from 'node:fs/promises';
import type { Job } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { Asker } from '../access/access.ts';
import type { HttpContext } from '../http-context.ts';
import { untilGone } from '../jobs/client-gone.ts';
import { jsonSchemaOf } from '../openapi/json-schema.ts';
import { defineRoute, type Call, type Route } from '../route/route.ts';
import { requireDeclaredLength } from '../upload/declared-length.ts';
import { receiveForm } from '../upload/receive-form.ts';
import type { UploadPlaces } from '../upload/upload-places.ts';
import { openAiFields, openAiForm, parseOpenAiForm, type OpenAiForm } from './openai-form.ts';
import { streamWords } from './stream-words.ts';
import { toJson, toVerboseJson, transcriptSchema } from './transcript-shapes.ts';

const operation = 'transcribe';

type AnyCall = Call<unknown, unknown, unknown>;

/** `POST /v1/audio/transcriptions` and `POST /v1/audio/translations`, where there is the operation `transcribe`. */
export function openAiRoutes(context: HttpContext, places: UploadPlaces): readonly Route[] {
  if (!context.jobs.operations.some(({ name }) => name === operation)) return [];
  return [audioRoute(context, places, 'transcriptions'), audioRoute(context, places, 'translations')];
}

function audioRoute(context: HttpContext, places: UploadPlaces, kind: 'transcriptions' | 'translations'): Route {
  const { properties, required } = jsonSchemaOf(openAiForm, 'input') as { readonly properties: object; readonly required: readonly string[] };
  return defineRoute({
    method: 'POST', path: `/v1/audio/${kind}`, id: kind === 'transcriptions' ? 'createTranscription' : 'createTranslation', tag: 'openai', access: 'client', refusesAs: 'openai',
    summary: kind === 'transcriptions' ? 'The words of a file, for clients of OpenAI' : 'The words of a file in English, for clients of OpenAI',
    description: 'A job like any other, waited for: the same file with the same options is answered from the cache. What cannot be done is refused, never ignored.',
    describedBody: { description: 'The form of OpenAI.', content: { 'multipart/form-data': { schema: { type: 'object', properties: { ...properties, file: { type: 'string', format: 'binary' } }, required } } } },
    answers: { 200: { description: 'The words, as JSON, text, captions or events.', mediaType: 'application/json' } },
    refusals: ['INVALID_INPUT', 'BAD_REQUEST', 'INPUT_TOO_LARGE', 'INPUT_EMPTY', 'INPUT_ALL_ZERO', 'UNSUPPORTED_MEDIA_TYPE', 'UNSUPPORTED_FORMAT', 'NO_AUDIO', 'CORRUPT', 'UNSUPPORTED_LANGUAGE', 'QUEUE_FULL', 'DISK_FULL', 'STORE_UNAVAILABLE', 'FILES_UNAVAILABLE', 'CLOSED'],
    before: ({ raw }) => requireDeclaredLength(raw, context.maxUploadBytes),
    handle: (call) => transcribe(context, places, call, kind === 'translations'),
  });
}

async function transcribe(context: HttpContext, places: UploadPlaces, call: AnyCall, translate: boolean): Promise<unknown> {
  const { reply, request } = call;
  if (!request.isMultipart()) throw new MediaJobError('BAD_REQUEST', { message: 'Expected a form with a `file`, got something else.', advice: 'Send `multipart/form-data`.' });
  using client = untilGone(reply, context.closing);
  const { form, job } = await submit(context, places, call, translate, client.signal);
  if (form.stream) return streamWords(reply, job, client.signal, call.correlationId);
  const transcript = transcriptSchema.parse(await job.result({ signal: client.signal }));
  switch (form.response_format) {
    case 'json':
      return toJson(transcript);
    case 'verbose_json':
      return toVerboseJson(transcript, form, translate ? 'translate' : 'transcribe');
    case 'text':
    case 'srt':
    case 'vtt':
      return reply.type(form.response_format === 'vtt' ? 'text/vtt; charset=utf-8' : 'text/plain; charset=utf-8').send(await captions(job, form.response_format));
  }
}

/** The place of the upload is free again when it has arrived, not when its job has ended. */
async function submit(context: HttpContext, places: UploadPlaces, { request, asker, correlationId }: AnyCall, translate: boolean, signal: AbortSignal): Promise<{ readonly form: OpenAiForm; readonly job: Job<unknown> }> {
  using _place = places.take();
  await using received = await receiveForm(context, request, openAiFields, signal);
  const form = parseOpenAiForm(received.input, context.openAiModels, translate);
  const { file, language, prompt } = form;
  const input = { file, waveform: false, translate, ...(language === undefined ? {} : { language }), ...(prompt === undefined || prompt === '' ? {} : { prompt }) };
  return { form, job: await context.jobs.submit(operation, input, { correlationId, ...namespaceOf(asker) }) };
}

function namespaceOf({ namespace }: Asker): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

async function captions(job: Job<unknown>, format: 'text' | 'srt' | 'vtt'): Promise<string> {
  const files = await job.files();
  const file = files[`transcript.${format === 'text' ? 'txt' : format}`];
  if (file === undefined) throw new MediaJobError('FILE_NOT_FOUND', { message: `Expected captions as ${format}, got none of the operation.`, advice: 'Ask for `json`.' });
  return readFile(file.path, 'utf8');
}
