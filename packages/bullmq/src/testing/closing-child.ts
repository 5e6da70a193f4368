// Consumes until it is told to close, and then ends when nothing keeps it: a connection that is left would.
import { createBullmqQueue } from '../bullmq-queue.ts';

const queue = createBullmqQueue({ connection: process.argv[2] ?? '' });
await queue.consume(() => Promise.resolve(), { quick: 1, slow: 1 });
await queue.depth();
process.once('message', () => void close());
process.send?.('open');

async function close(): Promise<void> {
  await queue[Symbol.asyncDispose]();
  process.send?.('closed');
  process.disconnect();
}
