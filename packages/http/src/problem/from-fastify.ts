import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';

interface ErrorWithStatus {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

const byStatus: Readonly<Record<number, MediaJobErrorCode>> = Object.freeze({ 401: 'UNAUTHORIZED', 404: 'ROUTE_NOT_FOUND', 413: 'INPUT_TOO_LARGE', 415: 'UNSUPPORTED_MEDIA_TYPE', 429: 'RATE_LIMITED', 503: 'OVERLOADED' });

const advices: Partial<Record<MediaJobErrorCode, string>> = {
  BAD_REQUEST: 'Correct the body and its `Content-Type`; the OpenAPI document says what is taken.',
  INPUT_TOO_LARGE: 'Send less.',
  UNSUPPORTED_MEDIA_TYPE: 'Send `multipart/form-data` for files, `application/json` where there are none.',
};

/** What a plugin or Fastify itself threw, as one of the table. What has no status of a caller's mistake is a fault of ours. */
export function fromFastify(thrown: unknown): MediaJobError {
  if (MediaJobError.isInstance(thrown)) return thrown;
  const { statusCode, message } = Object(thrown) as ErrorWithStatus;
  if (typeof statusCode !== 'number' || statusCode < 400 || (statusCode > 499 && statusCode !== 503)) return MediaJobError.from(thrown);
  const code = byStatus[statusCode] ?? 'BAD_REQUEST';
  const advice = advices[code];
  return new MediaJobError(code, { message: `Expected a request that can be understood, got: ${String(message)}.`, ...(advice === undefined ? {} : { advice }), cause: thrown });
}
