/**
 * How an error is treated by whoever may try again.
 *
 * - `permanent`: the same input will fail again; never retried.
 * - `transient`: may pass by itself; retried with back-off.
 * - `overload`: the other side asked for patience; retried, not before `retryAfterMs`.
 * - `infrastructure`: a store, queue, disk or service is away; retried, not before `retryAfterMs`, the attempt is not charged.
 * - `interrupted`: stopped by a shutdown; the attempt is refunded.
 * - `lost`: the worker or its claim is gone; counted on a budget of its own.
 */
export type ErrorClass = 'permanent' | 'transient' | 'overload' | 'infrastructure' | 'interrupted' | 'lost';

/** One row of the table of codes. */
export interface CodeEntry {
  /** What it means, as one sentence for the documentation. */
  readonly meaning: string;
  readonly class: ErrorClass;
  /** The HTTP status that a service answers with. */
  readonly httpStatus: number;
}

const row = (errorClass: ErrorClass, httpStatus: number, meaning: string): CodeEntry => Object.freeze({ meaning, class: errorClass, httpStatus });

/** Every code that a `MediaJobError` can carry. `docs/errors.md` lists the same rows, and a test holds the two equal. */
export const errorCodes: Readonly<Record<MediaJobErrorCode, CodeEntry>> = Object.freeze({
  // What the caller gave
  INVALID_OPTION: row('permanent', 400, 'An option or argument has a wrong type or value.'),
  INVALID_INPUT: row('permanent', 422, 'The input of a job does not fit the schema of its operation.'),
  INVALID_ENVIRONMENT: row('permanent', 500, 'An environment variable has a value that is not accepted.'),
  UNKNOWN_OPERATION: row('permanent', 404, 'No operation of this name is registered.'),
  INPUT_MISSING: row('permanent', 404, 'The input file does not exist.'),
  INPUT_UNREADABLE: row('permanent', 403, 'The input file may not be read by this user.'),
  INPUT_NOT_FILE: row('permanent', 422, 'The input is a folder, pipe, device or socket, not a regular file.'),
  INPUT_EMPTY: row('permanent', 422, 'The input file has no bytes.'),
  INPUT_ALL_ZERO: row('permanent', 422, 'The input file starts with nothing but zero bytes: a failed download or a sparse file.'),
  INPUT_TOO_LARGE: row('permanent', 413, 'The input is larger than the limit in force.'),
  INPUT_CHANGED: row('transient', 409, 'The input file changed while it was being taken in.'),
  INPUT_IS_OUTPUT: row('permanent', 422, 'Input and output are the same file.'),
  // Media
  UNSUPPORTED_FORMAT: row('permanent', 415, 'The file is no media of a format on the allow-list.'),
  CORRUPT: row('permanent', 422, 'The media file is damaged and cannot be decoded.'),
  NO_AUDIO: row('permanent', 422, 'The media file has no audio stream.'),
  BAD_STREAM: row('permanent', 422, 'The audio stream declares impossible properties.'),
  TOO_LONG: row('permanent', 422, 'The audio is longer than the limit in force.'),
  TRUNCATED: row('permanent', 422, 'The output is shorter than the input declares: the input is cut off.'),
  EMPTY_OUTPUT: row('permanent', 422, 'The program succeeded but wrote no usable output.'),
  OUTPUT_LIMIT: row('permanent', 422, 'The output reached its limit of bytes or of duration.'),
  OUTPUT_EXISTS: row('permanent', 409, 'The output file exists and may not be overwritten.'),
  OUTPUT_UNWRITABLE: row('permanent', 403, 'The output cannot be written: its folder is missing, or this user may not write there.'),
  PROBE_TIMEOUT: row('permanent', 422, 'Reading the properties of the file took too long: it may be corrupt.'),
  // Programs
  PROGRAM_NOT_FOUND: row('permanent', 503, 'A program that is needed was not found.'),
  PROGRAM_NOT_EXECUTABLE: row('permanent', 503, 'A program that is needed was found but cannot be started.'),
  PROGRAM_UNFIT: row('permanent', 503, 'A program lacks something that is needed, such as a filter, an encoder or a CPU feature.'),
  PROGRAM_FAILED: row('transient', 500, 'A program ended with an error that has no code of its own.'),
  PROGRAM_CRASHED: row('transient', 500, 'A program was ended by a fault of its own, such as SIGSEGV.'),
  PROGRAM_KILLED: row('transient', 500, 'A program was killed from outside, often because memory ran out.'),
  STALLED: row('transient', 504, 'A program or a transfer gave no sign of progress for the time allowed.'),
  TIMEOUT: row('transient', 504, 'The work reached its time limit.'),
  // Downloads
  DOWNLOAD_REFUSED: row('permanent', 502, 'The server does not give out the file: not found, forbidden, or redirected in a circle.'),
  DOWNLOAD_UNAVAILABLE: row('transient', 502, 'The server could not be reached, failed by itself, or cut the transfer off.'),
  DOWNLOAD_OVERLOADED: row('overload', 503, 'The server asked to come back later.'),
  DOWNLOAD_MISMATCH: row('permanent', 502, 'What was downloaded is not the file that was expected: another size or checksum.'),
  // Transcription
  MODEL_MISSING: row('permanent', 503, 'The model file does not exist.'),
  MODEL_INVALID: row('permanent', 503, 'The model file is damaged or of another kind.'),
  ENGINE_UNAVAILABLE: row('permanent', 503, 'No transcription engine works on this machine.'),
  ENGINE_FAILED: row('transient', 500, 'The transcription engine reported an error or gave an unusable answer.'),
  UNSUPPORTED_LANGUAGE: row('permanent', 422, 'The model or engine cannot do this language or translation.'),
  RELEASE_UNPROVEN: row('infrastructure', 500, 'The memory of the engine could not be shown to be free again.'),
  // Disk, memory, line
  DISK_FULL: row('infrastructure', 507, 'The disk is full, or too full for the predicted output.'),
  MEMORY_SHORT: row('infrastructure', 503, 'There is not enough memory to start.'),
  GPU_MEMORY_SHORT: row('infrastructure', 503, 'No graphics card has enough free memory to start.'),
  QUEUE_FULL: row('overload', 429, 'The waiting line is full.'),
  CIRCUIT_OPEN: row('infrastructure', 503, 'A service or engine failed several times in a row and is left alone for a while.'),
  WORK_FOLDER_UNSAFE: row('permanent', 500, 'The work folder is a link, is owned by somebody else, or is not a folder.'),
  WORK_FOLDER_MISSING: row('permanent', 404, 'There is no work folder with jobs at the path.'),
  CLEANUP_FAILED: row('infrastructure', 500, 'A file that should be gone could not be removed; the next sweep tries again.'),
  LOCK_TIMEOUT: row('transient', 503, 'A lock was not free within the time allowed.'),
  LOCK_LOST: row('transient', 503, 'A lock passed to another process while its work still ran: this one had given no sign of life.'),
  // Store and jobs
  STORE_UNAVAILABLE: row('infrastructure', 503, 'The job store does not answer.'),
  QUEUE_UNAVAILABLE: row('infrastructure', 503, 'The queue that hands work to other machines does not answer.'),
  FILES_UNAVAILABLE: row('infrastructure', 503, 'The file store that machines share does not answer, or cut a transfer off.'),
  FILE_MISSING: row('permanent', 410, 'The file store no longer holds a file that a record names.'),
  FILE_MISMATCH: row('permanent', 502, 'What the file store gave out is not the file that was stored: another size or digest, also when asked again.'),
  STORE_INCOMPATIBLE: row('permanent', 500, 'The job store was written by a newer version, or is no job store.'),
  RESETTING: row('overload', 503, 'A reset is under way that turns new work away until its end.'),
  EPOCH_PASSED: row('transient', 409, 'A reset came in between; the work belongs to the past.'),
  JOB_NOT_FOUND: row('permanent', 404, 'There is no job of this id.'),
  JOB_EXPIRED: row('permanent', 410, 'The job and its files have reached their time to live.'),
  JOB_NOT_READY: row('permanent', 425, 'The job has no result yet.'),
  ILLEGAL_MOVE: row('permanent', 409, 'The job cannot do this in its present state.'),
  CLAIM_LOST: row('lost', 409, 'The claim on the job has passed to somebody else; what was made is discarded.'),
  WORKER_LOST: row('lost', 500, 'The workers of this job died too often; it is a dead letter.'),
  OUTPUT_INVALID: row('permanent', 500, 'The operation returned something that does not fit its own output schema.'),
  STEP_FAILED: row('permanent', 500, 'A job that this one asked for has failed for good, though for a reason that passes by itself; its own error is the cause.'),
  OPERATION_CHANGED: row('infrastructure', 503, 'The job waits for a worker with the version of the operation that it was submitted for.'),
  // Over HTTP
  SERVICE_UNAVAILABLE: row('transient', 502, 'Another service could not be reached, failed by itself, or gave no whole answer in time.'),
  SERVICE_REFUSED: row('permanent', 502, 'Another service refused the request, or gave an answer that cannot be understood.'),
  BAD_REQUEST: row('permanent', 400, 'The request cannot be understood: its body, its form or its headers are malformed.'),
  UNAUTHORIZED: row('permanent', 401, 'The request lacks a valid token.'),
  ROUTE_NOT_FOUND: row('permanent', 404, 'There is nothing at this path, or not by this method.'),
  FILE_NOT_FOUND: row('permanent', 404, 'The job has no file of this name.'),
  PRECONDITION_FAILED: row('permanent', 412, 'The file is not the one that the request is about.'),
  UNSUPPORTED_MEDIA_TYPE: row('permanent', 415, 'The body of the request is of a media type that is not taken here.'),
  RANGE_UNSATISFIABLE: row('permanent', 416, 'The file does not have the bytes that are asked for.'),
  RATE_LIMITED: row('overload', 429, 'This client has asked too often.'),
  OVERLOADED: row('overload', 503, 'The service has more to do than it can.'),
  // Control
  ABORTED: row('permanent', 499, 'The caller aborted the work.'),
  CANCELLED: row('permanent', 409, 'The job was cancelled.'),
  INTERRUPTED: row('interrupted', 503, 'The work was stopped by a shutdown and will go on elsewhere.'),
  CLOSED: row('interrupted', 503, 'The service is closing and takes no more work.'),
  UNKNOWN: row('transient', 500, 'An error of no known kind; its own type and message are kept.'),
});

/** The names of all codes; a name is stable once released. */
export type MediaJobErrorCode =
  | 'INVALID_OPTION' | 'INVALID_INPUT' | 'INVALID_ENVIRONMENT' | 'UNKNOWN_OPERATION'
  | 'INPUT_MISSING' | 'INPUT_UNREADABLE' | 'INPUT_NOT_FILE' | 'INPUT_EMPTY' | 'INPUT_ALL_ZERO' | 'INPUT_TOO_LARGE' | 'INPUT_CHANGED' | 'INPUT_IS_OUTPUT'
  | 'UNSUPPORTED_FORMAT' | 'CORRUPT' | 'NO_AUDIO' | 'BAD_STREAM' | 'TOO_LONG' | 'TRUNCATED' | 'EMPTY_OUTPUT' | 'OUTPUT_LIMIT' | 'OUTPUT_EXISTS' | 'OUTPUT_UNWRITABLE' | 'PROBE_TIMEOUT'
  | 'PROGRAM_NOT_FOUND' | 'PROGRAM_NOT_EXECUTABLE' | 'PROGRAM_UNFIT' | 'PROGRAM_FAILED' | 'PROGRAM_CRASHED' | 'PROGRAM_KILLED' | 'STALLED' | 'TIMEOUT'
  | 'DOWNLOAD_REFUSED' | 'DOWNLOAD_UNAVAILABLE' | 'DOWNLOAD_OVERLOADED' | 'DOWNLOAD_MISMATCH'
  | 'MODEL_MISSING' | 'MODEL_INVALID' | 'ENGINE_UNAVAILABLE' | 'ENGINE_FAILED' | 'UNSUPPORTED_LANGUAGE' | 'RELEASE_UNPROVEN'
  | 'DISK_FULL' | 'MEMORY_SHORT' | 'GPU_MEMORY_SHORT' | 'QUEUE_FULL' | 'CIRCUIT_OPEN' | 'WORK_FOLDER_UNSAFE' | 'WORK_FOLDER_MISSING' | 'CLEANUP_FAILED' | 'LOCK_TIMEOUT' | 'LOCK_LOST'
  | 'STORE_UNAVAILABLE' | 'QUEUE_UNAVAILABLE' | 'FILES_UNAVAILABLE' | 'FILE_MISSING' | 'FILE_MISMATCH' | 'STORE_INCOMPATIBLE' | 'RESETTING' | 'EPOCH_PASSED' | 'JOB_NOT_FOUND' | 'JOB_EXPIRED' | 'JOB_NOT_READY' | 'ILLEGAL_MOVE' | 'CLAIM_LOST' | 'WORKER_LOST' | 'OUTPUT_INVALID' | 'STEP_FAILED' | 'OPERATION_CHANGED'
  | 'SERVICE_UNAVAILABLE' | 'SERVICE_REFUSED' | 'BAD_REQUEST' | 'UNAUTHORIZED' | 'ROUTE_NOT_FOUND' | 'FILE_NOT_FOUND' | 'PRECONDITION_FAILED' | 'UNSUPPORTED_MEDIA_TYPE' | 'RANGE_UNSATISFIABLE' | 'RATE_LIMITED' | 'OVERLOADED'
  | 'ABORTED' | 'CANCELLED' | 'INTERRUPTED' | 'CLOSED' | 'UNKNOWN';
