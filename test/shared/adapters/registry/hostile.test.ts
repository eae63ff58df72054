// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotaryError } from '../../../../shared/errors.ts';
import type { ArtifactTarget } from '../../../../shared/ports.ts';
import { startRegistry } from '../../../fakes/registry.ts';
import type { Fault } from '../../../fakes/registry/options.ts';
import { listAll, prepareSignature, testClient } from '../../../support/registry-client.ts';
import { pushImage } from '../../../support/push-image.ts';

const password = 'correct horse battery staple';
const users = [{ name: 'alice', password }];

/** A host that a registry would like to have secrets sent to. */
let evil: Server;
let evilOrigin: string;
const stolen: string[] = [];
beforeAll(async () => {
  evil = createServer((request, response) => {
    if (request.headers.authorization !== undefined) stolen.push(request.headers.authorization);
    if (request.headers.cookie !== undefined) stolen.push(request.headers.cookie);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"token":"t","manifests":[]}');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  evilOrigin = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
});
afterAll(() => {
  evil.closeAllConnections();
  evil.close();
});

function redirect(status: number, location: () => string): () => Fault {
  return () => ({ kind: 'status', status, headers: { location: location() } });
}

function body(change: (body: Buffer) => Uint8Array | string): () => Fault {
  return () => ({ kind: 'change', change: (bytes) => Buffer.from(change(bytes)) });
}

function headers(values: () => Record<string, string>): () => Fault {
  return () => ({ kind: 'headers', headers: values() });
}

function challenge(realm: () => string): () => Fault {
  const value = (): string => `Bearer realm="${realm()}",service="x",scope="repository:team/app:pull,push"`;
  return () => ({ kind: 'status', status: 401, headers: { 'www-authenticate': value() } });
}

/** What is done to one request of a run after the other. */
const attacks: Readonly<Record<string, () => Fault>> = {
  '[SEC-25] 301 to another origin': redirect(301, () => `${evilOrigin}/v2/x`),
  '[SEC-25] 302 to another origin': redirect(302, () => `${evilOrigin}/v2/x`),
  '[SEC-25] 303 to another origin': redirect(303, () => `${evilOrigin}/v2/x`),
  '[SEC-25] 307 to another origin': redirect(307, () => `${evilOrigin}/v2/x`),
  '[SEC-25] 308 to another origin': redirect(308, () => `${evilOrigin}/v2/x`),
  '[SEC-25] redirect with user info': redirect(307, () => evilOrigin.replace('//', '//a:b@')),
  '[SEC-25] redirect to a file': redirect(307, () => 'file:///etc/passwd'),
  '[SEC-28] redirect to itself': redirect(307, () => ''),
  '[SEC-24] upload Location elsewhere': headers(() => ({ location: `${evilOrigin}/upload` })),
  '[SEC-24] upload Location that is none': headers(() => ({ location: 'http://[' })),
  '[SEC-23] realm on another host': challenge(() => `${evilOrigin}/token`),
  '[SEC-23] realm at the metadata service': challenge(() => 'http://169.254.169.254/token'),
  '[SEC-23] realm with user info': challenge(() => `${evilOrigin.replace('//', '//alice:x@')}/token`),
  '[SEC-23] realm that is no URL': challenge(() => 'javascript:alert(1)'),
  '[SEC-8] Link to another origin': headers(() => ({ link: `<${evilOrigin}/v2/>; rel="next"` })),
  '[SEC-9] false digest header': headers(() => ({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` })),
  '[SEC-9] broken digest header': headers(() => ({ 'docker-content-digest': 'sha256:x' })),
  '[SEC-9] other bytes of the same length': body((bytes) => bytes.map((byte) => byte ^ 1)),
  '[SEC-16] nothing': body(() => ''),
  '[SEC-16] null': body(() => 'null'),
  '[SEC-16] wrong types': body(() => '{"schemaVersion":"2","manifests":{"0":1},"layers":7,"subject":[]}'),
  '[SEC-16] null members': body(() => '{"schemaVersion":2,"manifests":null,"layers":null,"subject":null}'),
  '[SEC-4] __proto__ and duplicate keys': body(() => '{"__proto__":{"a":1},"manifests":[],"manifests":[]}'),
  '[SEC-16] deep nesting': body(() => '['.repeat(100_000)),
  '[SEC-26] one byte more': body((bytes) => Buffer.concat([bytes, Buffer.from(' ')])),
  '[SEC-26] a size that is none': body(
    () => '{"schemaVersion":2,"manifests":[{"mediaType":"a","size":-1,"digest":"b"}]}',
  ),
  '[SEC-26] a gzip bomb': () => ({
    kind: 'status',
    status: 200,
    headers: { 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(1_000_000)).toString('latin1'),
  }),
  '[SEC-35] commands in an error': () => ({
    kind: 'status',
    status: 400,
    body: '{"errors":[{"code":"X","message":"a\\n::set-output name=x::y\\n##vso[task.setvariable]\\u001b[31m"}]}',
  }),
  'HTML with status 200': () => ({
    kind: 'status',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html>log in</html>',
  }),
};

/** Everything that signing and verifying ask of a registry. */
async function work(target: ArtifactTarget, digest: string): Promise<readonly string[]> {
  const subject = await target.resolve(digest);
  if (subject.digest !== digest) throw new Error('another artifact was resolved');
  const pushed = await target.pushReferrer(await prepareSignature(target, subject, 'mine'), 'tag-schema');
  const listed = await listAll(target, subject);
  for (const signature of listed) await target.fetchManifest(signature);
  await target.fetchBlob({ ...subject, ...(await target.pushBlob('application/jose+json', Buffer.from('mine'))) });
  return listed.some(({ digest: found }) => found === pushed.descriptor.digest) ? ['listed'] : [];
}

describe('a hostile registry', () => {
  it.each(Object.entries(attacks))(
    '%s, at every request in turn: no secret leaves, nothing but a clear error comes of it',
    { timeout: 120_000 },
    async (_, attack) => {
      const registry = await startRegistry({ referrersApi: false, auth: { kind: 'basic', users } });
      const basic = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`;
      const image = await pushImage(registry.host, 'team/app', { authorization: basic, platforms: ['linux/amd64'] });
      let more = true;
      for (let at = 0; more && at < 60; at++) {
        const before = registry.requests.length;
        registry.options.faults.splice(0, Number.POSITIVE_INFINITY, { skip: at, times: 1, fault: attack() });
        const client = testClient({
          environment: { NOTATION_USERNAME: 'alice', NOTATION_PASSWORD: password },
          referrersSettle: 0,
        });
        const outcome = await work(client.repository(registry.host, 'team/app'), image.index.digest).catch(
          (error: unknown) => error,
        );
        await client.close();
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(NotaryError);
          expect(outcome.message).not.toContain(password);
          // Nothing that a runner would take for a command, and no control characters.

          expect(outcome.message).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]|^(?:::|##)/m);
        }
        more = registry.requests.length - before > at;
      }
      expect(stolen).toEqual([]);
      expect(more).toBe(false);
      await registry.close();
    },
  );
});
