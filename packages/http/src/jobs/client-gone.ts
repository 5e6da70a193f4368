import type { FastifyReply } from 'fastify';

/** Aborts when the client goes away before it has its answer, or when the service closes. */
export function untilGone({ raw }: FastifyReply, closing: AbortSignal): { readonly signal: AbortSignal; readonly isGone: () => boolean } & Disposable {
  const gone = new AbortController();
  const end = (): void => gone.abort(closing.aborted ? closing.reason : undefined);
  const left = (): boolean => raw.destroyed && !raw.writableFinished;
  raw.once('close', end);
  closing.addEventListener('abort', end, { once: true });
  if (closing.aborted || left()) end();
  return {
    signal: gone.signal,
    isGone: left,
    [Symbol.dispose]() {
      raw.off('close', end);
      closing.removeEventListener('abort', end);
    },
  };
}
