// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startRegistry } from '../../fakes/registry.ts';
import { pushImage } from '../../support/push-image.ts';
import { testClient } from '../../support/registry-client.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A proxy that tunnels everything to one port of this machine; gives the hosts it was asked for. */
async function startProxy(
  port: number,
): Promise<{ url: string; asked: string[]; authorizations: (string | undefined)[] }> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const open = new Set<Socket>();
  const server = createServer();
  server.on('connect', (request, client: Socket) => {
    asked.push(request.url ?? '');
    authorizations.push(request.headers['proxy-authorization']);
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) open.add(socket.on('error', () => socket.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://user:pw@localhost:${(server.address() as AddressInfo).port}`, asked, authorizations };
}

async function scene() {
  const registry = await startRegistry();
  closing.push(() => registry.close());
  const image = await pushImage(registry.host, 'team/app');
  return { registry, image, proxy: await startProxy(registry.port) };
}

function client(environment: Record<string, string>) {
  const made = testClient({ environment, insecureRegistries: ['registry.test:5000'] });
  closing.push(() => made.close());
  return made;
}

describe('proxies', () => {
  it.each(['http_proxy', 'HTTP_PROXY'])('[REG-11] goes through %s', async (name) => {
    const { image, proxy } = await scene();
    const resolved = await client({ [name]: proxy.url })
      .repository('registry.test:5000', 'team/app')
      .resolve('v1');
    expect(resolved).toEqual(image.index);
    expect(proxy.asked).toEqual(['registry.test:5000']);
  });

  it('[SEC-25] keeps the credentials of the proxy from the registry', async () => {
    const { registry, proxy } = await scene();
    await client({ http_proxy: proxy.url }).repository('registry.test:5000', 'team/app').resolve('v1');
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:pw').toString('base64')}`]);
    expect(registry.requests.at(-1)?.headers['proxy-authorization']).toBeUndefined();
  });

  it('[REG-11] never takes a proxy for this machine, nor for what no_proxy lists', async () => {
    const { registry, proxy } = await scene();
    const environment = { http_proxy: proxy.url, https_proxy: proxy.url };
    await client(environment).repository(registry.host, 'team/app').resolve('v1');
    const listed = client({ ...environment, no_proxy: 'registry.test' });
    await listed
      .repository('registry.test:5000', 'team/app')
      .resolve('v1')
      .catch(() => undefined);
    expect(proxy.asked).toEqual([]);
  });
});
