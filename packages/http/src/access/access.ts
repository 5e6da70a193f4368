import { createHash, timingSafeEqual } from 'node:crypto';
import { MediaJobError } from '@media-jobs/foundation';
import type { FastifyRequest } from 'fastify';
import type { HttpClient } from '../options.ts';

/** Who may use a route. */
export type Access = 'open' | 'client' | 'admin';

/** Who asks. */
export interface Asker {
  /** Jobs of this namespace are the asker's; undefined for the administrator, who sees all. */
  readonly namespace: string | undefined;
  /** Name for rate limits; undefined where the address has to do. */
  readonly name: string | undefined;
}

/** Judges requests by their tokens. */
export interface Gate {
  /** Throws `UNAUTHORIZED`. */
  admit(request: FastifyRequest, access: Access): Asker;
  /** Whose token it is; undefined without a valid one. */
  identify(request: FastifyRequest): Asker | undefined;
}

interface Holder {
  readonly digest: Buffer;
  readonly asker: Asker;
}

const everybody: Asker = Object.freeze({ namespace: '', name: undefined });
const administrator: Asker = Object.freeze({ namespace: undefined, name: 'admin' });

/** Tokens are kept and compared as digests, each of them each time: how long that takes tells nothing about them. */
export function createGate({ adminToken, clients }: { readonly adminToken: string | undefined; readonly clients: readonly HttpClient[] }): Gate {
  const admins = adminToken === undefined ? [] : [{ digest: digestOf(adminToken), asker: administrator }];
  const users = clients.map(({ name, token }) => ({ digest: digestOf(token), asker: Object.freeze({ namespace: name, name }) }));
  const holders = [...admins, ...users];
  const identify = (request: FastifyRequest): Asker | undefined => (holders.length === 0 ? undefined : find(holders, tokenOf(request)));
  return {
    identify,
    admit(request, access) {
      const holder = identify(request);
      if (access === 'open') return holder ?? everybody;
      if (access === 'admin') {
        if (holder?.namespace === undefined && holder !== undefined) return holder;
        if (admins.length === 0 && isLocal(request)) return administrator;
        throw unauthorized(admins.length === 0 ? 'this service has none, and serves its administration to its own machine only' : 'got none that is valid');
      }
      if (holder !== undefined) return holder;
      if (users.length === 0) return everybody;
      throw unauthorized('got none that is valid');
    },
  };
}

function find(holders: readonly Holder[], token: string): Asker | undefined {
  const given = digestOf(token);
  let found: Asker | undefined;
  for (const { digest, asker } of holders) if (timingSafeEqual(digest, given)) found = asker;
  return found;
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function tokenOf({ headers }: FastifyRequest): string {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** A proxy on this machine passes on requests of others, and so does a browser: where one has left its mark, nobody is local. */
function isLocal({ raw, headers }: FastifyRequest): boolean {
  if (headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined) return false;
  const address = raw.socket.remoteAddress ?? '';
  return (address === '::1' || /^(?:::ffff:)?127\./.test(address)) && !isOfAnotherPage(headers);
}

/** A page of somebody else, open in a browser on this machine, may send a request here, and may even make a name of its own lead here. */
function isOfAnotherPage({ host = '', origin, 'sec-fetch-site': site }: FastifyRequest['headers']): boolean {
  if (!/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i.test(host)) return true;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

function unauthorized(got: string): MediaJobError {
  return new MediaJobError('UNAUTHORIZED', { message: `Expected a token of the administration or of a client, ${got}.`, advice: 'Send it as `Authorization: Bearer …`; the service is given it as `adminToken` or `clients`.' });
}
