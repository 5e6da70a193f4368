import { z } from 'zod';
import { MediaJobError } from '@media-jobs/foundation';
import { wrongFields, type OperationFields } from '../upload/operation-fields.ts';

/** In which form the words are wanted. */
export const responseFormats = ['json', 'text', 'srt', 'verbose_json', 'vtt'] as const;

/** What clients of OpenAI send, as far as it can be done here; the rest is refused, never ignored. */
export const openAiForm = z.strictObject({
  /** The audio or video. */
  file: z.string(),
  model: z.string().min(1).max(200),
  /** Of the speech, as an ISO code. Left out: it is found out. Not for translations. */
  language: z.string().min(1).max(40).optional(),
  /** Words that set the tone. */
  prompt: z.string().max(2_000).optional(),
  response_format: z.enum(responseFormats).default('json'),
  /** Only 0: what is heard is not made up by chance. */
  temperature: z.literal(0).optional(),
  'timestamp_granularities[]': z.array(z.enum(['segment', 'word'])).optional(),
  /** The words as server-sent events while they are heard. */
  stream: z.boolean().default(false),
  /** Long audio is always cut in pauses. */
  chunking_strategy: z.literal('auto').optional(),
});

export type OpenAiForm = z.output<typeof openAiForm>;

const name = 'audio';

/** The fields, for the reader of forms. */
export const openAiFields: OperationFields = Object.freeze({ operation: { name }, files: new Set(['file']), shape: openAiForm.shape, takesOthers: false });

/** The form as its schema gives it. Throws `INVALID_INPUT`, which names what cannot be done. */
export function parseOpenAiForm(input: Readonly<Record<string, unknown>>, models: readonly string[], translates: boolean): OpenAiForm {
  const parsed = openAiForm.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrongFields({ name }, [issue?.path.join('.') ?? ''], `right, got: ${issue?.message ?? ''}`, 'Correct it, or leave it out; what this service cannot do it refuses.');
  }
  const form = parsed.data;
  if (!models.includes(form.model)) throw new MediaJobError('INVALID_INPUT', { message: `Expected \`model\` to be one of ${models.join(', ')}, got ${JSON.stringify(form.model)}.`, advice: 'Name one of these; the service uses its own model for all of them.', facts: { fields: ['model'] } });
  if (form['timestamp_granularities[]'] !== undefined && form.response_format !== 'verbose_json') throw wrongFields({ name }, ['timestamp_granularities'], 'absent unless `response_format` is `verbose_json`', 'Ask for `verbose_json`.');
  if (form.stream && form.response_format !== 'json') throw wrongFields({ name }, ['stream'], 'absent unless `response_format` is `json`', 'Ask for `json`.');
  if (translates && form.language !== undefined) throw wrongFields({ name }, ['language'], 'absent: a translation is always into English', 'Leave it out.');
  return form;
}
