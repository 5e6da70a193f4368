import type { Job } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import { untilGone } from '../jobs/client-gone.ts';
import { submittedSchema, viewOf } from '../jobs/job-view.ts';
import { closingError } from '../closing-error.ts';
import type { HttpContext } from '../http-context.ts';
import { queryFlag, queryNumber } from '../route/flag.ts';
import { defineRoute, type Call, type Route } from '../route/route.ts';
import { requireDeclaredLength } from './declared-length.ts';
import { describeSubmit } from './describe-submit.ts';
import { findOperation, requireKnownFields, wrongFields, type OperationFields } from './operation-fields.ts';
import { receiveForm } from './receive-form.ts';
import type { UploadPlaces } from './upload-places.ts';

const submitQuery = z.strictObject({
  /** Name of the operation; may be left out where there is only one. */
  operation: z.string().max(64).optional(),
  /** Run it again, also where its result is there. */
  fresh: queryFlag.optional(),
  /** Higher goes first. */
  priority: queryNumber(-1_000, 1_000).optional(),
});

type SubmitCall = Call<unknown, z.output<typeof submitQuery>, undefined>;

/** `POST /jobs`: takes a form with files, or JSON where there are none. */
export function submitRoute(context: HttpContext, places: UploadPlaces): Route {
  return defineRoute({
    method: 'POST',
    path: '/jobs',
    id: 'submitJob',
    tag: 'jobs',
    summary: 'Submit a job',
    description: 'The same content with the same options is the same job: it is joined when it waits or runs, and answered from the cache when it is completed.',
    access: 'client',
    query: submitQuery,
    describedBody: describeSubmit(context.jobs.operations),
    answers: {
      200: { description: 'The job is completed already: `cached` is true, nothing runs.', schema: submittedSchema },
      202: { description: 'The job is in line, or was already.', schema: submittedSchema },
    },
    refusals: ['INVALID_INPUT', 'UNKNOWN_OPERATION', 'INPUT_TOO_LARGE', 'INPUT_EMPTY', 'INPUT_ALL_ZERO', 'UNSUPPORTED_MEDIA_TYPE', 'BAD_REQUEST', 'QUEUE_FULL', 'DISK_FULL', 'MEMORY_SHORT', 'GPU_MEMORY_SHORT', 'RESETTING', 'EPOCH_PASSED', 'STORE_UNAVAILABLE', 'FILES_UNAVAILABLE', 'CLOSED'],
    before: ({ raw }) => requireDeclaredLength(raw, context.maxUploadBytes),
    handle: (call) => submit(context, places, call),
  });
}

async function submit(context: HttpContext, places: UploadPlaces, call: SubmitCall): Promise<unknown> {
  const { reply, request, query } = call;
  const fields = findOperation(context.jobs, query.operation);
  if (context.closing.aborted) throw closingError();
  const job = request.isMultipart() ? await submitForm(context, places, fields, call) : await submitJson(context, fields, call);
  const record = await job.record();
  context.gone.remember(record);
  return reply.code(job.cached ? 200 : 202).header('location', `${context.base}/jobs/${job.id}`).send({ ...viewOf(record, context.base), cached: job.cached });
}

async function submitForm(context: HttpContext, places: UploadPlaces, fields: OperationFields, call: SubmitCall): Promise<Job<unknown>> {
  using _place = places.take();
  using client = untilGone(call.reply, context.closing);
  await using form = await receiveForm(context, call.request, fields, client.signal);
  return await place(context, fields, form.input, call);
}

async function submitJson(context: HttpContext, fields: OperationFields, call: SubmitCall): Promise<Job<unknown>> {
  const { body } = call.request;
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new MediaJobError('BAD_REQUEST', { message: `Expected a form or a JSON object with the input of \`${fields.operation.name}\`, got ${body === undefined || body === null ? 'nothing' : 'something else'}.`, advice: 'Send `multipart/form-data` with the files, or a JSON object where there are none.' });
  }
  requireKnownFields(fields, Object.keys(body));
  return place(context, fields, body as Record<string, unknown>, call);
}

/** An upload that was not used is gone with the form; what the job needs it has taken. */
function place({ jobs }: HttpContext, fields: OperationFields, input: Readonly<Record<string, unknown>>, { asker, correlationId, query }: SubmitCall): Promise<Job<unknown>> {
  const missing = [...fields.files].filter((name) => !Object.hasOwn(input, name) && !fields.shape[name]?.safeParse(undefined).success);
  if (missing.length > 0) throw wrongFields(fields.operation, missing, 'a file, got nothing', 'Send it as a file of a `multipart/form-data` form.');
  return jobs.submit(fields.operation.name, input, {
    correlationId,
    ...(asker.namespace === undefined ? {} : { namespace: asker.namespace }),
    ...(query.fresh === undefined ? {} : { fresh: query.fresh }),
    ...(query.priority === undefined ? {} : { priority: query.priority }),
  });
}
