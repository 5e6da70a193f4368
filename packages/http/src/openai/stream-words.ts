import type { Job } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { openEventStream } from '../events/event-stream.ts';
import { blankBetween } from './blank-between.ts';
import { toOpenAiError } from './openai-error.ts';
import { transcriptSchema } from './transcript-shapes.ts';

const part = z.looseObject({ text: z.string() });

/** Tells the words while they are heard, as the events of OpenAI. The last holds all of them, also those that were heard before anybody listened. */
export async function streamWords(reply: FastifyReply, job: Job<unknown>, signal: AbortSignal, correlationId: string): Promise<void> {
  await using stream = openEventStream(reply, signal);
  const tell = (type: string, data: object): Promise<void> => stream.write({ event: type, data: { type, ...data } });
  try {
    let last = '';
    for await (const { parts = [] } of job.events({ signal })) {
      for (const text of parts.flatMap((each) => part.safeParse(each).data?.text ?? [])) {
        const delta = blankBetween(last, text) + text;
        await tell('transcript.text.delta', { delta });
        last = text;
      }
    }
    const { text } = transcriptSchema.parse(await job.result({ signal }));
    if (last === '' && text !== '') await tell('transcript.text.delta', { delta: text });
    await tell('transcript.text.done', { text });
  } catch (error) {
    const mistake = MediaJobError.from(error);
    if (mistake.code !== 'ABORTED' && mistake.code !== 'CLOSED') await tell('error', toOpenAiError(mistake, correlationId));
  }
}
