// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestTypes } from '../../../../shared/oci/manifest.ts';
import { digestOf, parseDigest } from '../../../../shared/primitives/digest.ts';
import { startRegistry, type EmbeddedRegistry } from '../../../fakes/registry.ts';
import type { Fault } from '../../../fakes/registry/options.ts';
import { pushImage, type PushedImage } from '../../../support/push-image.ts';
import { errorOf, testClient, type TestClient } from '../../../support/registry-client.ts';

let registry: EmbeddedRegistry;
let client: TestClient;
let image: PushedImage;
beforeEach(async () => {
  registry = await startRegistry();
  client = testClient();
  image = await pushImage(registry.host, 'team/app');
  registry.requests.length = 0;
});
afterEach(async () => {
  await client.close();
  await registry.close();
});

function repository(name = 'team/app') {
  return client.repository(registry.host, name);
}

function fault(struck: Fault, path = /manifests/, times?: number): void {
  registry.options.faults = [{ path, fault: struck, ...(times === undefined ? {} : { times }) }];
}

const other = Buffer.from('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}');

describe('resolve', () => {
  it('[REG-12] resolves tag and digest to the same descriptor, asking for every type', async () => {
    const byTag = await repository().resolve('v1');
    expect(byTag).toEqual(image.index);
    expect(await repository().resolve(image.index.digest)).toEqual(byTag);
    for (const { headers } of registry.requests) {
      expect(headers['accept']).toBe(
        'application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json',
      );
    }
  });

  it('[REG-16] [SEC-9] hashes the body: a HEAD that says otherwise is never asked', async () => {
    await repository().resolve('v1');
    expect(registry.lines()).toEqual(['GET /v2/team/app/manifests/v1']);
  });

  it('[REG-15] tolerates a missing Docker-Content-Digest', async () => {
    registry.options.digestHeader = false;
    expect(await repository().resolve('v1')).toEqual(image.index);
  });

  it('[REG-15] [SEC-9] refuses a wrong Docker-Content-Digest, by tag and by digest', async () => {
    fault({ kind: 'headers', headers: { 'docker-content-digest': digestOf(other) } });
    for (const reference of ['v1', image.index.digest]) {
      expect((await errorOf(repository().resolve(reference))).code).toBe('digest-mismatch');
    }
    fault({ kind: 'headers', headers: { 'docker-content-digest': 'sha256:zz' } });
    expect((await errorOf(repository().resolve('v1'))).code).toBe('registry-response');
  });

  it('[SEC-9] refuses another manifest than the one asked for by digest', async () => {
    fault({ kind: 'change', change: () => other });
    registry.options.digestHeader = false;
    const error = await errorOf(repository().resolve(image.index.digest));
    expect(error.code).toBe('digest-mismatch');
    expect(error.message).toContain(`${digestOf(other)} instead of ${image.index.digest}`);
  });

  it('[REG-14] ignores parameters of Content-Type', async () => {
    fault({ kind: 'headers', headers: { 'content-type': 'application/vnd.oci.image.index.v1+json; charset=utf-8' } });
    expect(await repository().resolve('v1')).toEqual(image.index);
  });

  it('[REG-17] resolves from a chunked answer', async () => {
    registry.options.chunked = true;
    expect(await repository().resolve('v1')).toEqual(image.index);
  });

  it.each(['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'])(
    '[SEC-17] refuses an index served as %s',
    async (type) => {
      fault({ kind: 'headers', headers: { 'content-type': type } });
      expect((await errorOf(repository().resolve('v1'))).code).toBe('registry-response');
    },
  );

  it('refuses an answer without Content-Type', async () => {
    fault({ kind: 'headers', headers: { 'content-type': '' } });
    expect((await errorOf(repository().resolve('v1'))).message).toContain('without Content-Type');
  });

  it('[REG-8] resolves a sha512 digest, and verifies it', async () => {
    const digest = digestOf(other, 'sha512');
    const stored = registry.storage.repository('team/app');
    stored.manifests.set(digest, { mediaType: manifestTypes.index, bytes: other });
    expect((await repository().resolve(digest)).digest).toBe(digest);
    stored.manifests.set(digest, { mediaType: manifestTypes.index, bytes: Buffer.concat([other, Buffer.from(' ')]) });
    expect((await errorOf(repository().resolve(digest))).code).toBe('digest-mismatch');
  });

  it('[REG-79] asks once more for altered content, and then takes what is right', async () => {
    fault({ kind: 'change', change: (body) => body.subarray(1) }, /manifests/, 1);
    expect(await repository().resolve('v1')).toEqual(image.index);
    expect(registry.requests).toHaveLength(2);
  });

  it('[REG-77] refuses a manifest over 4 MiB', async () => {
    fault({ kind: 'change', change: () => Buffer.alloc(4 * 1024 * 1024 + 1, 32) });
    const error = await errorOf(repository().resolve('v1'));
    expect(error.code).toBe('registry-limit');
    expect(error.message).toContain('4194305 bytes, at most 4194304 are read');
  });

  it('names what was not found and where', async () => {
    const error = await errorOf(repository().resolve('v9'));
    expect(error.code).toBe('artifact-not-found');
    expect(error.message).toBe(`resolving v9 (${registry.host}/team/app): not found: MANIFEST_UNKNOWN`);
    expect((await errorOf(repository('no/such').resolve('v1'))).message).toContain('NAME_UNKNOWN');
  });

  it.each([400, 403, 404, 418, 500, 503])('[SEC-15] gives no descriptor when the answer is %i', async (status) => {
    fault({ kind: 'status', status, body: '<html>' });
    const codes = { 403: 'registry-denied', 404: 'artifact-not-found' } as Record<number, string>;
    expect((await errorOf(repository().resolve('v1'))).code).toBe(codes[status] ?? 'registry-response');
  });

  it('[REG-30] neutralises text of the server in errors, which keep method, URL, status and codes', async () => {
    const body = JSON.stringify({ errors: [{ code: 'BAD', message: 'x\n::set-output name=a::b\u001b[31m' }] });
    fault({ kind: 'status', status: 400, headers: { 'content-type': 'application/json' }, body });
    const error = await errorOf(repository().resolve('v1'));
    expect(error.message).toContain(
      `GET http://${registry.host}/v2/team/app/manifests/v1 answered 400: BAD x ::set-output name=a::b [31m`,
    );
    expect(error.message).not.toContain('\n');
    expect(error.cause).toMatchObject({ method: 'GET', status: 400, errors: [{ code: 'BAD' }] });
  });

  it('[REG-29] shows a warning once, sanitised', async () => {
    registry.options.warnings = [
      '299 - "old\tregistry \\"x\\""',
      '299 - "old\tregistry \\"x\\""',
      '199 - "other"',
      `299 - "${'x'.repeat(5000)}"`,
    ];
    await repository().resolve('v1');
    await repository().resolve('v1');
    expect(client.warnings).toEqual([`${registry.host} warns: old registry "x"`]);
  });

  it('[REG-4] says which host it means when a name cannot be resolved or a connection is refused', async () => {
    const error = await errorOf(client.repository('localhost:1', 'a').resolve('v1'));
    expect(error.code).toBe('registry-unreachable');
    expect(error.message).toContain('GET http://localhost:1/v2/a/manifests/v1: the connection was refused');
    expect(error.hint).toContain('localhost:1');
  });

  it('[REG-5] [REG-6] hints at the input when the registry speaks plain HTTP', async () => {
    const error = await errorOf(client.repository(`127.0.0.1:${registry.port}`, 'team/app').resolve('v1'));
    expect(error.code).toBe('registry-unreachable');
    expect(error.hint).toContain(`Add 127.0.0.1:${registry.port} to {input:insecureRegistries}`);
    expect(registry.requests).toEqual([]);
    const insecure = testClient({ insecureRegistries: [`127.0.0.1:${registry.port}`] });
    expect(await insecure.repository(`127.0.0.1:${registry.port}`, 'team/app').resolve('v1')).toEqual(image.index);
    await insecure.close();
  });
});

describe('fetchManifest', () => {
  const wanted = () => ({ ...image.index, digest: parseDigest(image.index.digest) });

  it('[REG-13] asks for the expected type only and refuses another', async () => {
    await repository().fetchManifest(wanted());
    expect(registry.requests[0]?.headers['accept']).toBe(manifestTypes.index);
    fault({ kind: 'headers', headers: { 'content-type': manifestTypes.image } });
    expect((await errorOf(repository().fetchManifest(wanted()))).message).toContain(
      'served as "application/vnd.oci.image.manifest.v1+json" instead of',
    );
  });

  it.each<[string, (body: Buffer) => Uint8Array]>([
    ['truncated', (body) => body.subarray(0, -1)],
    ['extended', (body) => Buffer.concat([body, Buffer.from(' ')])],
    ['altered', (body) => Buffer.from(body.toString().replace('amd64', 'amd65'))],
  ])('[REG-79] [SEC-9] refuses a %s body', async (_, change) => {
    fault({ kind: 'change', change });
    expect((await errorOf(repository().fetchManifest(wanted()))).code).toBe('digest-mismatch');
    expect(registry.requests).toHaveLength(2);
  });

  it('[REG-78] [SEC-26] refuses a huge declared size without asking', async () => {
    const error = await errorOf(repository().fetchManifest({ ...wanted(), size: 2 ** 52 }));
    expect(error.code).toBe('registry-limit');
    expect(registry.requests).toEqual([]);
  });
});
