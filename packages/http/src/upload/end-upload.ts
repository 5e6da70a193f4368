import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long a sender that has been refused may go on, so that it comes to read the answer. */
const lingerMs = 2_000;

/**
 * Ends an upload whose body nobody wants any more. Cut off at once, the sender would see a broken connection in place of the
 * answer; so what still comes is thrown away for a while, and then the connection ends.
 */
export function endUpload({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete || raw.readableEnded || (raw.headers['content-length'] ?? '0') === '0' && raw.headers['transfer-encoding'] === undefined) return;
  void reply.header('connection', 'close');
  const { socket } = raw;
  reply.raw.once('finish', () => {
    if (raw.complete) return;
    raw.unpipe();
    raw.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    const done = (): void => {
      clearTimeout(timer);
      socket.end();
    };
    raw.once('end', done);
    raw.once('close', () => clearTimeout(timer));
  });
}
