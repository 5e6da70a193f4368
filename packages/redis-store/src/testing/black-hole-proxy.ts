import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can swallow everything, as a broken network does: connections stay open and nothing comes back. */
export interface BlackHoleProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on bytes vanish, in both directions, on old connections and new ones. */
  readonly swallow: (on: boolean) => void;
  /** From now on new connections lead to another port, and those that stand are cut: the name of a server that has moved. */
  readonly leadTo: (port: number) => void;
  /** Connections that were ever made to it. */
  readonly connections: () => number;
}

/** Starts one in front of a port of this machine. */
export async function startBlackHoleProxy(firstTarget: number): Promise<BlackHoleProxy> {
  let target = firstTarget;
  const sockets = new Set<Socket>();
  let swallowing = false;
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.on('data', (bytes) => void (swallowing || to.write(bytes)));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { readonly port: number }).port,
    swallow: (on) => void (swallowing = on),
    leadTo: (port) => {
      target = port;
      for (const socket of sockets) socket.destroy();
    },
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
