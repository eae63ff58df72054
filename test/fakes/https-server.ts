// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificateAuthority } from './certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, extension, keyUsage } from './certificate-extensions.ts';
import { contextPrimitive, sequence } from './der.ts';

const authority = createCertificateAuthority({ intermediates: 0, name: 'TLS' });
const identity = authority.issue({
  subject: 'CN=localhost',
  extensions: [
    basicConstraints({ ca: false }),
    keyUsage(['digitalSignature']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.1']),
    extension(
      '2.5.29.17',
      sequence(contextPrimitive(2, Buffer.from('localhost')), contextPrimitive(7, Buffer.from([127, 0, 0, 1]))),
    ),
  ],
});

/** A server on loopback with a certificate for `localhost` and `127.0.0.1`. */
export interface HttpsServer {
  readonly port: number;
  /** The root of its certificate. */
  readonly ca: string;
  close(): Promise<void>;
}

export async function startHttps(listener: RequestListener): Promise<HttpsServer> {
  const server = createServer({ cert: identity.chainPem, key: identity.privateKeyPem }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.root.pem,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
