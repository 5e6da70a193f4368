import { randomBytes } from 'node:crypto';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import { MediaJobError } from '@media-jobs/foundation';
import type { NetworkGuard } from './network-guard.ts';

/** A proxy for a program that opens its own connections: it reaches allowed addresses only. */
export interface GuardProxy extends AsyncDisposable {
  /** With a password that only who is told knows. */
  readonly url: string;
  /** The first address that was refused, if any was. */
  readonly refusal: MediaJobError | undefined;
}

const host = '127.0.0.1';
/** What the program hears of a connection that does not come about. */
const failures = Object.freeze({ refused: '403 Forbidden', unreachable: '502 Bad Gateway' } as const);
type Failure = (typeof failures)[keyof typeof failures];

/** Opens a proxy on a free port of this machine, for `http:` requests and `CONNECT`. */
export async function openGuardProxy(guard: NetworkGuard): Promise<GuardProxy> {
  const proxy = new Proxying(guard);
  await proxy.listen();
  return proxy;
}

class Proxying implements GuardProxy {
  readonly #guard: NetworkGuard;
  readonly #password = randomBytes(16).toString('hex');
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server;
  #refusal: MediaJobError | undefined;

  constructor(guard: NetworkGuard) {
    this.#guard = guard;
    this.#server = createServer((request, response) => this.#forward(request, response));
    this.#server.on('connection', (socket) => this.#keep(socket));
    this.#server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => this.#tunnel(request, client, head));
  }

  get url(): string {
    return `http://media-jobs:${this.#password}@${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  get refusal(): MediaJobError | undefined {
    return this.#refusal;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, host, resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await closed;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    // A connection that breaks is for those at its ends to notice.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    return headers['proxy-authorization'] === `Basic ${Buffer.from(`media-jobs:${this.#password}`).toString('base64')}`;
  }

  #tunnel(request: IncomingMessage, client: Duplex, head: Buffer): void {
    const target = URL.parse(`tcp://${request.url ?? ''}`);
    if (!this.#isKnown(request) || target === null || target.port === '') return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const upstream = this.#connect(target.hostname, Number(target.port), (status) => client.end(`HTTP/1.1 ${status}\r\n\r\n`));
    upstream?.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      // When one side breaks, `pipeline` has ended the other.
      pipeline(client, upstream, () => undefined);
      pipeline(upstream, client, () => undefined);
    });
  }

  /** Undefined where the host may not be reached; `giveUp` is told then, and when the connection fails. */
  #connect(hostname: string, port: number, giveUp: (status: Failure) => void): Socket | undefined {
    try {
      this.#guard.checkHost(hostname);
    } catch (error) {
      giveUp(this.#note(error));
      return undefined;
    }
    const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port, lookup: this.#guard.lookup });
    this.#keep(socket);
    socket.once('error', (error) => giveUp(this.#note(error)));
    return socket;
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const target = URL.parse(request.url ?? '');
    if (!this.#isKnown(request) || target?.protocol !== 'http:') return void response.writeHead(407).end();
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers;
    const onward = forward(target, { method: request.method, headers, createConnection: () => this.#connect(target.hostname, Number(target.port || 80), (status) => answerWith(response, status)) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => undefined);
    });
    onward.on('error', () => answerWith(response, failures.unreachable));
    pipeline(request, onward, () => undefined);
  }

  #note(error: unknown): Failure {
    if (!MediaJobError.isInstance(error)) return failures.unreachable;
    this.#refusal ??= error;
    return failures.refused;
  }
}

function answerWith(response: ServerResponse, status: Failure): void {
  if (!response.headersSent) response.writeHead(Number(status.slice(0, 3)));
  response.end();
}
