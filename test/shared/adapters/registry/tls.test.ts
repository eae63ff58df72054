// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { createCertificateAuthority } from '../../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, extension, keyUsage } from '../../../fakes/certificate-extensions.ts';
import { contextPrimitive, sequence } from '../../../fakes/der.ts';
import { startRegistry } from '../../../fakes/registry.ts';
import { errorOf, testClient } from '../../../support/registry-client.ts';

const authority = createCertificateAuthority({ intermediates: 0, name: 'TLS' });
const serverAuth = '1.3.6.1.5.5.7.3.1';
const identity = authority.issue({
  subject: 'CN=localhost',
  extensions: [
    basicConstraints({ ca: false }),
    keyUsage(['digitalSignature']),
    extendedKeyUsage([serverAuth]),
    extension('2.5.29.17', sequence(contextPrimitive(2, Buffer.from('localhost')))),
  ],
});

const usual = getCACertificates('default');
beforeAll(() => {
  setDefaultCACertificates([...usual, authority.root.pem]);
});
afterAll(() => {
  setDefaultCACertificates(usual);
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(handle: RequestListener): Promise<number> {
  const server = createServer({ cert: identity.chainPem, key: identity.privateKeyPem }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const index = Buffer.from('{"schemaVersion":2,"manifests":[]}');
const indexType = 'application/vnd.oci.image.index.v1+json';

/** By HTTPS, because `LOCALHOST:<port>` is not the exception that `localhost:<port>` is. */
function repository(port: number, environment: Record<string, string> = {}) {
  const client = testClient({ environment });
  closing.push(() => client.close());
  return client.repository(`LOCALHOST:${port}`, 'team/app');
}

const login = { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' };

/** Asks for a login by Basic; true when the request may go on. */
function loggedIn(request: IncomingMessage, response: Parameters<RequestListener>[1]): boolean {
  if (request.headers.authorization !== undefined) return true;
  response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  return false;
}

describe('a registry by HTTPS', () => {
  it('resolves', async () => {
    const port = await serve((_, response) => response.writeHead(200, { 'content-type': indexType }).end(index));
    expect((await repository(port).resolve('v1')).digest).toBe(digestOf(index));
  });

  it.each([301, 302, 303, 307, 308])('[SEC-25] [REG-6] refuses a %i redirect to plain HTTP', async (status) => {
    const plain = await startRegistry();
    closing.push(() => plain.close());
    const location = `http://${plain.host}/v2/team/app/manifests/v1`;
    const port = await serve((_, response) => response.writeHead(status, { location }).end());
    const error = await errorOf(repository(port).resolve('v1'));
    expect(error.code).toBe('registry-response');
    expect(error.message).toContain('from HTTPS to plain HTTP');
    expect(plain.requests).toEqual([]);
  });

  it('[REG-23] [SEC-24] refuses to upload by plain HTTP', async () => {
    const plain = await startRegistry();
    closing.push(() => plain.close());
    const port = await serve((request, response) => {
      if (!loggedIn(request, response)) return;
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `http://${plain.host}/upload` }).end();
    });
    const error = await errorOf(repository(port, login).pushBlob('x', Buffer.from('x')));
    expect(error.code).toBe('registry-response');
    expect(error.message).toContain('which is refused');
    expect(plain.requests).toEqual([]);
  });

  it('[REG-23] [SEC-24] uploads to another host by HTTPS, and takes no credentials there', async () => {
    const received: [string | undefined, string | undefined][] = [];
    const storage = await serve((request, response) => {
      received.push([request.url, request.headers.authorization]);
      response.writeHead(201).end();
    });
    const port = await serve((request, response) => {
      if (!loggedIn(request, response)) return;
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `https://localhost:${storage}/upload?sig=a%2Fb` }).end();
    });
    await repository(port, login).pushBlob('x', Buffer.from('x'));
    const digest = encodeURIComponent(digestOf(Buffer.from('x')));
    expect(received).toEqual([[`/upload?sig=a%2Fb&digest=${digest}`, undefined]]);
  });

  it('[SEC-24] does not answer a login of the host that an upload is sent to', async () => {
    let asked = 0;
    const storage = await serve((_, response) => {
      asked++;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    const port = await serve((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `https://localhost:${storage}/upload` }).end();
    });
    expect((await errorOf(repository(port, login).pushBlob('x', Buffer.from('x')))).code).toBe('registry-response');
    expect(asked).toBe(1);
  });

  it('[REG-10] refuses a certificate of an unknown CA without trying again', async () => {
    let connections = 0;
    const port = await serve(() => connections++);
    setDefaultCACertificates(usual);
    try {
      const error = await errorOf(repository(port).resolve('v1'));
      expect(error.code).toBe('registry-unreachable');
      expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
    } finally {
      setDefaultCACertificates([...usual, authority.root.pem]);
    }
    expect(connections).toBe(0);
  });

  it('[REG-10] trusts the CA of NODE_EXTRA_CA_CERTS', async () => {
    const port = await serve((_, response) => response.writeHead(200, { 'content-type': indexType }).end(index));
    const folder = mkdtempSync(join(tmpdir(), 'ca-'));
    closing.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, authority.root.pem);
    const script = `
      const { createRegistryClient } = await import(${JSON.stringify(new URL('../../../../shared/adapters/registry/client.ts', import.meta.url).href)});
      const log = { debug() {}, info() {}, warning() {} };
      const client = createRegistryClient({ insecureRegistries: [], environment: {}, userAgent: 'x', log });
      console.log((await client.repository('LOCALHOST:${port}', 'a').resolve('v1')).digest);`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(stdout.trim()).toBe(digestOf(index));
  });
});
