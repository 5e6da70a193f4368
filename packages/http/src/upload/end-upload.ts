import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long a sender that has been refused may go on, so that it comes to read the answer. */
const lingerMs = 2_000;

/**
 * Ends an upload whose body nobody wants any more. Cut off at once, as `Connection: close` would have it, the sender would see a broken
 * connection in place of the answer; so what still comes is thrown away for a while, and then the connection ends.
 */
export function endUpload({ raw }: FastifyRequest, reply: FastifyReply): void {
  const hasBody = raw.headers['transfer-encoding'] !== undefined || (raw.headers['content-length'] ?? '0') !== '0';
  if (!hasBody || raw.complete) return;
  const { socket } = raw;
  reply.raw.once('finish', () => {
    raw.unpipe();
    raw.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    for (const event of ['end', 'close']) raw.once(event, () => clearTimeout(timer));
  });
}
