import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { MediaJobError } from '@media-jobs/foundation';

/** What a form may hold beside its file: names, options, borders. */
export const formOverheadBytes = 1_048_576;

/** Throws `INPUT_TOO_LARGE` when the request says itself that it is too long; its body is not read then. */
export function requireDeclaredLength({ headers }: Pick<IncomingMessage, 'headers'>, maxBytes: number): void {
  const declared = Number(headers['content-length'] ?? 0);
  if (!(declared > maxBytes + formOverheadBytes)) return;
  throw new MediaJobError('INPUT_TOO_LARGE', {
    message: `Expected a file of at most ${maxBytes} bytes, got a request of ${declared}.`,
    advice: 'Send a smaller file; the service can be given a higher `maxInputBytes` (`MAX_AUDIO_SIZE_MB`).',
    facts: { bytes: declared, maxBytes },
  });
}

/**
 * A client that asks first (`Expect: 100-continue`, as curl does for large files) sends nothing of a body that is refused: it is told to go
 * on only when the declared length is fine. Whatever the length, the request is served as any other.
 */
export function answerExpectations(server: Server, isRefused: (request: IncomingMessage) => boolean): void {
  if (server.listenerCount('checkContinue') > 0) return;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!isRefused(request)) response.writeContinue();
    server.emit('request', request, response);
  });
}
