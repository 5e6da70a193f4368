import { hasEnded, type JobEvent } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { HttpContext } from '../http-context.ts';
import { untilGone } from '../jobs/client-gone.ts';
import { findJob, jobPath, type FoundJob } from '../jobs/find-job.ts';
import { viewOf } from '../jobs/job-view.ts';
import { toProblem } from '../problem/problem.ts';
import { defineRoute, type Call, type Route } from '../route/route.ts';
import { eventId, hasSeenEnd, isNews, parseEventId, type EventPlace } from './event-place.ts';
import { openEventStream, type EventStream } from './event-stream.ts';

type AnyCall = Call<unknown, unknown, unknown>;

/** `GET /jobs/:id/events`: a job's progress as server-sent events, resumed where a lost connection left off. */
export function eventsRoute(context: HttpContext): Route {
  return defineRoute({
    method: 'GET', path: '/jobs/:id/events', id: 'followJob', tag: 'jobs', summary: 'Follow a job by server-sent events', access: 'client', params: jobPath, lasts: true,
    description: 'The present state first, then each change as `progress`; parts of the result as `parts`, where the job runs in this process; `end` with the whole job, after which the stream ends. `Last-Event-ID` spares what was seen; a client that has seen the end is answered 204. `error` tells that the job is gone.',
    answers: {
      200: { description: 'The events.', mediaType: 'text/event-stream' },
      204: { description: 'The client has seen the end.' },
    },
    refusals: ['JOB_NOT_FOUND', 'JOB_EXPIRED', 'STORE_UNAVAILABLE'],
    async handle(call) {
      const found = await findJob(context, call.asker, call.params.id);
      const { 'last-event-id': lastId } = call.request.headers;
      const seen = parseEventId(typeof lastId === 'string' ? lastId : undefined);
      if (hasSeenEnd(seen, found.record)) return call.reply.code(204).send();
      await follow(context, call, found, seen);
    },
  });
}

async function follow(context: HttpContext, call: AnyCall, { job }: FoundJob, seen: EventPlace | undefined): Promise<void> {
  using client = untilGone(call.reply, context.closing);
  await using stream = openEventStream(call.reply, client.signal);
  try {
    for await (const event of job.events({ signal: client.signal })) await tell(stream, event, seen);
    const record = await job.record();
    if (hasEnded(record.state)) await stream.write({ event: 'end', id: eventId(record), data: viewOf(record, context.base) });
  } catch (error) {
    const mistake = MediaJobError.from(error);
    // A client that is gone, or a service that closes: the connection ends, and the client comes back with the id of its last event.
    if (mistake.code === 'ABORTED' || mistake.code === 'CLOSED') return;
    await stream.write({ event: 'error', data: toProblem(mistake, call.correlationId) });
  }
}

/** The final state is told by `end`, with the job. */
async function tell(stream: EventStream, event: JobEvent, seen: EventPlace | undefined): Promise<void> {
  const { generation, state: status, progress, phase, parts } = event;
  if (parts !== undefined) await stream.write({ event: 'parts', data: { generation, parts } });
  if (!hasEnded(status) && isNews(event, seen)) await stream.write({ event: 'progress', id: eventId(event), data: { generation, status, progress, phase } });
}
