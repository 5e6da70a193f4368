import type { Socket } from 'node:net';
import { MediaJobError } from '@media-jobs/foundation';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';
import { refusedAddress, type NetworkGuard } from './network-guard.ts';

/** A `fetch` that reaches allowed addresses only. Disposal closes its connections. */
export interface GuardedFetch extends AsyncDisposable {
  readonly fetch: typeof globalThis.fetch;
}

const connectTimeoutMs = 15_000;

/**
 * Each connection goes to an address that the guard has just allowed, whatever the name resolves to a moment later, and is looked at
 * once more when it stands.
 */
export function createGuardedFetch(guard: NetworkGuard): GuardedFetch {
  const connect = buildConnector({ timeout: connectTimeoutMs, lookup: guard.lookup });
  const agent = new Agent({
    connect(options, callback) {
      try {
        guard.checkHost(options.hostname);
      } catch (error) {
        return callback(MediaJobError.from(error), null);
      }
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        const refusal = judge(guard, options.hostname, socket);
        if (refusal === null) return callback(null, socket);
        socket.destroy();
        callback(refusal, null);
      });
    },
  });
  const fetch = async (url: URL, init: RequestInit): Promise<unknown> => {
    try {
      // The types of undici and of Node's own fetch, which is undici as well, differ in name only.
      return await undiciFetch(url, { ...(init as object), dispatcher: agent });
    } catch (error) {
      throw ownError(error);
    }
  };
  return { fetch: fetch as unknown as typeof globalThis.fetch, [Symbol.asyncDispose]: () => agent.destroy() };
}

function judge(guard: NetworkGuard, hostname: string, { remoteAddress = 'no address' }: Socket): MediaJobError | null {
  return guard.allows(remoteAddress) ? null : refusedAddress(hostname, remoteAddress);
}

/** `fetch` hides what went wrong below it. */
function ownError(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (MediaJobError.isInstance(cause)) return cause;
  if (!(cause instanceof Error) || cause.message !== 'bad port') return error;
  return new MediaJobError('DOWNLOAD_REFUSED', { message: 'Expected a port for web servers, got one of another service.', advice: 'Give another address.', cause });
}
