// `POST /normalize`, the first form of the original: operations by name, each a field `operations[]`.
import type { AnyMediaJobs, ReceivedFile } from '@media-jobs/core';
import { DisposalStack, MediaJobError } from '@media-jobs/foundation';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Flags of `normalize` by what the operations were called. */
const flags: ReadonlyMap<string, string> = new Map([
  ['remove_noise', 'remove_noise'], ['noise_reduction', 'remove_noise'],
  ['highpass', 'apply_highpass_filter'], ['apply_highpass_filter', 'apply_highpass_filter'],
  ['mono', 'convert_to_mono'], ['convert_to_mono', 'convert_to_mono'],
  ['16k', 'set_sample_rate_16k'], ['set_sample_rate_16k', 'set_sample_rate_16k'],
  ['isolate_vocals', 'isolate_vocals'],
]);

/** Adds the route: a route of one's own takes uploads as those of the plugin do, to disk and hashed in one pass. */
export function addNormalizeRoute(app: FastifyInstance, jobs: AnyMediaJobs): void {
  app.post('/normalize', async (request, reply) => {
    await using held = new DisposalStack();
    const { file, operations } = await readForm(request, jobs, held);
    const job = await jobs.submit('normalize', { file: file.path, ...Object.fromEntries(operations.map((name) => [flagOf(name), true])) });
    const { statusCode, payload } = await app.inject(`/jobs/${job.id}`);
    return reply.code(statusCode === 200 && !job.cached ? 202 : statusCode).type('application/json').send(payload);
  });
}

async function readForm(request: FastifyRequest, jobs: AnyMediaJobs, held: DisposalStack): Promise<{ readonly file: ReceivedFile; readonly operations: readonly string[] }> {
  const operations: string[] = [];
  let file: ReceivedFile | undefined;
  for await (const part of request.parts({ limits: { files: 1, fileSize: Infinity } })) {
    if (part.type === 'file') file = held.use(await jobs.receive(part.file, { name: part.filename, maxBytes: jobs.maxInputBytes }));
    else if (/^operations(\[\])?$/.test(part.fieldname)) operations.push(...String(part.value).split(',').map((name) => name.trim()));
    else throw refusal(part.fieldname, 'absent, got a field that is unknown');
  }
  if (file === undefined) throw refusal('file', 'a file, got nothing');
  return { file, operations };
}

function flagOf(operation: string): string {
  const flag = flags.get(operation);
  if (flag === undefined) throw refusal('operations[]', `one of ${[...flags.keys()].join(', ')}, got \`${operation.slice(0, 80)}\``);
  return flag;
}

function refusal(field: string, expected: string): MediaJobError {
  return new MediaJobError('INVALID_INPUT', { message: `Expected \`${field.slice(0, 80)}\` to be ${expected}.`, advice: 'Correct the form.', facts: { field } });
}
