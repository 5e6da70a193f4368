// `POST /process`, the one request of the original.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** Its body. A field that it does not know is refused: the original ignored it, and an empty body ran somebody's default video. */
const originalBody = z.strictObject({
  youtube_url: z.string().min(1),
  language: z.string().optional(),
  language_out: z.string().nullish(),
  remove_noise: z.boolean().optional(),
  apply_highpass_filter: z.boolean().optional(),
  /** Speech is always mono and 16 kHz. */
  convert_to_mono: z.literal(true).optional(),
  set_sample_rate_16k: z.literal(true).optional(),
});

/** Adds the route: it says the same in today's words, and submits that. */
export function addProcessRoute(app: FastifyInstance): void {
  app.post('/process', async ({ body, headers: { authorization, 'x-correlation-id': correlationId } }, reply) => {
    const parsed = originalBody.safeParse(body ?? {});
    if (!parsed.success) return reply.code(422).send({ code: 'INVALID_INPUT', detail: z.prettifyError(parsed.error), advice: 'Send `youtube_url`, and only fields of this route.' });
    const { youtube_url: url, language, language_out: target, remove_noise, apply_highpass_filter } = parsed.data;
    // Into the language that is spoken is no translation; what cannot be translated into is refused by name.
    const translate = target === undefined || target === null || target === '' || target === language ? undefined : target;
    const headers = Object.fromEntries(Object.entries({ authorization, 'x-correlation-id': correlationId }).filter(([, value]) => value !== undefined));
    const answer = await app.inject({ method: 'POST', url: '/jobs?operation=process', headers, payload: { url, language, translate, remove_noise, apply_highpass_filter } });
    const job = answer.json<Readonly<Record<string, unknown>>>();
    if (answer.statusCode >= 400) return reply.code(answer.statusCode).type('application/problem+json').send(job);
    return reply.code(answer.statusCode).send({ ...job, message: 'The video is in line.', youtube_url: url });
  });
}
