import { z } from 'zod';

/** A number that ffprobe prints as text, or not at all, or as `N/A`: undefined unless it is finite and not negative. */
const quantity = z.coerce.number().finite().nonnegative().optional().catch(undefined);
const anyNumber = z.coerce.number().finite().optional().catch(undefined);
const word = z.string().max(256).optional().catch(undefined);
const flag = z.coerce.number().optional().catch(undefined);

const streamSchema = z.object({
  codec_type: word,
  codec_name: word,
  sample_rate: quantity,
  channels: quantity,
  channel_layout: word,
  duration: quantity,
  start_time: anyNumber,
  bit_rate: quantity,
  width: quantity,
  height: quantity,
  disposition: z.object({ default: flag, attached_pic: flag }).optional().catch(undefined),
  tags: z.object({ language: word, DURATION: word }).optional().catch(undefined),
});

const answerSchema = z.object({
  streams: z.array(streamSchema).optional().catch(undefined),
  format: z
    .object({ format_name: word, duration: quantity, start_time: anyNumber, probe_score: quantity })
    .optional()
    .catch(undefined),
  error: z.object({ string: word }).optional().catch(undefined),
});

/** One stream as ffprobe describes it; any field may be missing. */
export type ProbedStream = z.output<typeof streamSchema>;
/** What ffprobe printed; any field may be missing. */
export type ProbeAnswer = z.output<typeof answerSchema>;

/** Reads what ffprobe printed. Undefined when it is no JSON object, which happens when it dies in the middle. */
export function parseProbeAnswer(text: string): ProbeAnswer | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Seconds of a tag such as `00:01:02.500000000`; undefined for anything else. */
export function parseTimeTag(text: string | undefined): number | undefined {
  const match = /^(\d{1,6}):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text ?? '');
  if (match === null) return undefined;
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}
