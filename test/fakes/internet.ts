// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttp, request as requestHttp } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createCertificateAuthority } from './certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, extension, keyUsage } from './certificate-extensions.ts';
import { contextPrimitive, sequence } from './der.ts';

/**
 * Public hosts that are servers of this process: a proxy tunnels every host to one HTTPS server, whose certificate is for
 * these names and which hands each request on to a port of loopback.
 */
export interface FakeInternet {
  /** `http://127.0.0.1:<port>`, for `https_proxy`. */
  readonly proxy: string;
  /** The authority of the certificates, as PEM text. */
  readonly ca: string;
  /** `host:port` of every tunnel that was asked for. */
  readonly asked: readonly string[];
  /** `Proxy-Authorization` of those requests. */
  readonly authorizations: readonly (string | undefined)[];
  close(): Promise<void>;
}

export interface InternetOptions {
  /** Port of plain HTTP on loopback by host name. */
  readonly hosts: Readonly<Record<string, number>>;
  /** `user:password` that the proxy asks for. */
  readonly login?: string;
}

export async function startInternet({ hosts, login }: InternetOptions): Promise<FakeInternet> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const { ca, identity } = certificateFor(Object.keys(hosts));
  const front = createHttps({ cert: identity.chainPem, key: identity.privateKeyPem }, (request, response) => {
    handOn(request, response, hosts[(request.headers.host ?? '').replace(/:\d+$/, '')]);
  });
  const frontPort = await listen(front);
  const proxy = createHttp();
  const open = new Set<Socket>();
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    open.add(client.on('error', () => client.destroy()));
    asked.push(request.url ?? '');
    const given = request.headers['proxy-authorization'];
    authorizations.push(given);
    if (login !== undefined && given !== `Basic ${Buffer.from(login).toString('base64')}`) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n',
      );
      return;
    }
    const upstream = connect(frontPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    open.add(upstream.on('error', () => upstream.destroy()));
  });
  const proxyPort = await listen(proxy);
  return {
    ...{ proxy: `http://127.0.0.1:${proxyPort}`, ca, asked, authorizations },
    close: async () => {
      for (const socket of open) socket.destroy();
      front.closeAllConnections();
      for (const server of [front, proxy]) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function certificateFor(names: readonly string[]) {
  const authority = createCertificateAuthority({ intermediates: 0, name: 'Internet' });
  const alternatives = sequence(...names.map((name) => contextPrimitive(2, Buffer.from(name))));
  const identity = authority.issue({
    subject: `CN=${names[0] ?? ''}`,
    extensions: [
      basicConstraints({ ca: false }),
      keyUsage(['digitalSignature']),
      extendedKeyUsage(['1.3.6.1.5.5.7.3.1']),
      extension('2.5.29.17', alternatives),
    ],
  });
  return { ca: authority.root.pem, identity };
}

function handOn(request: IncomingMessage, response: ServerResponse, port: number | undefined): void {
  if (port === undefined) return void response.writeHead(502).end();
  const { method = 'GET', url = '/', headers } = request;
  const onward = requestHttp({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
