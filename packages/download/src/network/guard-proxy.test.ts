import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { endServersAfterAll, give, startServer } from '../testing/media-server.ts';
import { openGuardProxy, type GuardProxy } from './guard-proxy.ts';
import { createNetworkGuard } from './network-guard.ts';

endServersAfterAll();
const guard = createNetworkGuard({ allowedNetworks: ['127.0.0.1/32'] });

/** Status and body of an absolute-form request, as programs make it for `http:` through a proxy. */
function ask({ url }: GuardProxy, target: string, password?: string): Promise<readonly [number | undefined, string]> {
  const { hostname, port, password: own } = new URL(url);
  return new Promise((resolve, reject) => {
    const credentials = Buffer.from(`media-jobs:${password ?? own}`).toString('base64');
    request({ hostname, port, path: target, headers: { host: new URL(target).host, 'proxy-authorization': `Basic ${credentials}` }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve([response.statusCode, text]));
    }).on('error', reject).end();
  });
}

test('a plain request is passed on to an address that is allowed, without the password', async () => {
  const seen: (string | undefined)[] = [];
  const server = await startServer([(asked, response) => {
    seen.push(asked.headers['proxy-authorization'], asked.headers.host);
    give('body')(asked, response);
  }]);
  await using proxy = await openGuardProxy(guard);
  expect(await ask(proxy, server.url('/a?b=1'))).toEqual([200, 'body']);
  expect([server.asked, seen, proxy.refusal]).toEqual([['/a?b=1'], [undefined, `127.0.0.1:${server.port}`], undefined]);
});

test('one to an address inside is refused and remembered, one with a wrong password or to nothing is not made', async () => {
  const inside = await startServer([give('secret')], { host: '127.0.0.2' });
  await using proxy = await openGuardProxy(guard);
  expect((await ask(proxy, inside.url(), 'guess'))[0]).toBe(407);
  expect((await ask(proxy, inside.url()))[0]).toBe(403);
  expect(proxy.refusal).toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { address: '127.0.0.2' } });
  expect((await ask(proxy, 'http://127.0.0.1:9/'))[0]).toBe(502);
  expect(inside.asked).toEqual([]);
});

test('its end closes what still is open', async () => {
  const proxy = await openGuardProxy(guard);
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  await new Promise((resolve) => void socket.once('connect', resolve));
  const closed = new Promise((resolve) => void socket.once('close', resolve));
  socket.on('error', () => undefined);
  await proxy[Symbol.asyncDispose]();
  await closed;
});
