// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../../shared/oci/descriptor.ts';
import { manifestTypes } from '../../../../shared/oci/manifest.ts';
import { referrersTag } from '../../../../shared/oci/referrers.ts';
import {
  encodeDescriptor,
  parseSignatureManifest,
  signatureArtifactType,
} from '../../../../shared/oci/signature-manifest.ts';
import type { ArtifactTarget } from '../../../../shared/ports.ts';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { encodeGoJson } from '../../../../shared/primitives/json-encode.ts';
import { startRegistry, type EmbeddedRegistry } from '../../../fakes/registry.ts';
import type { Fault } from '../../../fakes/registry/options.ts';
import { pushImage } from '../../../support/push-image.ts';
import { errorOf, listAll, prepareSignature, testClient, type TestClient } from '../../../support/registry-client.ts';

let registry: EmbeddedRegistry;
let client: TestClient;
let target: ArtifactTarget;
let subject: Descriptor;
let tag: string;

beforeEach(async () => {
  registry = await startRegistry();
  client = testClient();
  target = client.repository(registry.host, 'team/app');
  await pushImage(registry.host, 'team/app');
  subject = await target.resolve('v1');
  tag = referrersTag(subject.digest);
  registry.requests.length = 0;
});
afterEach(async () => {
  await client.close();
  await registry.close();
});

function stored() {
  return registry.storage.repository('team/app');
}

function fault(path: RegExp, struck: Fault, rule: { method?: string; times?: number; skip?: number } = {}): void {
  registry.options.faults.push({ path, fault: struck, ...rule });
}

/** Pushes a signature past the client's own listing: only the manifest, as the API's registry would index it. */
async function push(text: string, mode: 'tag-schema' | 'api-first' = 'api-first') {
  return target.pushReferrer(await prepareSignature(target, subject, text), mode);
}

function tagIndex(): { manifests: Record<string, unknown>[] } {
  const digest = stored().tag(tag);
  const manifest = digest === undefined ? undefined : stored().manifests.get(digest);
  if (manifest === undefined) throw new Error('no referrers tag');
  return JSON.parse(manifest.bytes.toString('utf8')) as { manifests: Record<string, unknown>[] };
}

/** Puts an index under the referrers tag. */
function setTagIndex(entries: unknown[]): void {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestTypes.index, manifests: entries }));
  stored().manifests.set(digestOf(bytes), { mediaType: manifestTypes.index, bytes });
  stored().setTag(tag, digestOf(bytes));
}

function requested(part: string): string[] {
  return registry.lines().filter((line) => line.includes(part));
}

describe('listReferrers by the API', () => {
  it.each([
    ['filter applied', {}],
    ['filter ignored', { filter: false }],
    ['filter applied without a header', { filterSignal: 'none' }],
    ['filter told by the annotation of 1.1.0-rc1', { filterSignal: 'annotation' }],
  ] as const)('[REG-55] [NP-345] lists signatures only: %s', async (_, options) => {
    const { descriptor } = await push('one');
    const other = { ...(await prepareSignature(target, subject, 'sbom')), artifactType: 'application/x.sbom' };
    await target.pushReferrer({ ...other, bytes: changeType(other.bytes) }, 'api-first');
    Object.assign(registry.options, options);
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
  });

  it('asks with the artifact type, and accepts an index', async () => {
    await push('one');
    registry.requests.length = 0;
    await listAll(target, subject);
    expect(registry.requests.map(({ path, headers }) => [path, headers['accept']])).toEqual([
      [
        `/v2/team/app/referrers/${subject.digest}?artifactType=application%2Fvnd.cncf.notary.signature`,
        manifestTypes.index,
      ],
    ]);
  });

  it.each(['relative', 'absolute'] as const)('[REG-56] [NP-346] follows three pages by %s links', async (linkStyle) => {
    for (const text of ['a', 'b', 'c', 'd', 'e']) await push(text);
    Object.assign(registry.options, { linkStyle, referrersPageSize: 2 });
    registry.requests.length = 0;
    expect(await listAll(target, subject)).toHaveLength(5);
    expect(requested('referrers')).toHaveLength(3);
  });

  it('[NP-346] does not ask for the next page when it is not wanted', async () => {
    for (const text of ['a', 'b', 'c']) await push(text);
    registry.options.referrersPageSize = 2;
    registry.requests.length = 0;
    let left = 2;
    for await (const descriptor of target.listReferrers(subject, signatureArtifactType)) {
      expect(descriptor.artifactType).toBe(signatureArtifactType);
      if (--left === 0) break;
    }
    expect(requested('referrers')).toHaveLength(1);
  });

  it.each([
    'http://127.0.0.1:1/v2/team/app/referrers/x',
    'http://169.254.169.254/latest',
    '/v2/other/referrers/x',
    '/latest/meta-data',
    'http://[',
  ])('[REG-56] [SEC-8] refuses the next page %s', async (link) => {
    await push('one');
    fault(/referrers/, { kind: 'headers', headers: { link: `<${link}>; rel="next"` } });
    expect((await errorOf(listAll(target, subject))).code).toBe('registry-response');
  });

  it('[REG-56] [SEC-8] stops at a page that leads back to itself', async () => {
    await push('one');
    const self = `/v2/team/app/referrers/${subject.digest}?page=1`;
    fault(/referrers/, { kind: 'headers', headers: { link: `<${self}>; rel="next"` } });
    registry.requests.length = 0;
    const error = await errorOf(listAll(target, subject));
    expect(error.code).toBe('registry-limit');
    expect(error.message).toContain('lead back');
    expect(requested('referrers')).toHaveLength(2);
  });

  it('[REG-56] [SEC-8] stops after fifty pages', async () => {
    for (const text of ['a', 'b']) await push(text);
    let page = 0;
    const listing = `{"schemaVersion":2,"mediaType":"${manifestTypes.index}","manifests":[]}`;
    registry.options.faults.push({
      path: /referrers/,
      fault: {
        kind: 'status',
        status: 200,
        body: listing,
        get headers() {
          page++;
          return {
            'content-type': manifestTypes.index,
            link: `</v2/team/app/referrers/${subject.digest}?page=${page}>; rel="next"`,
          };
        },
      },
    });
    registry.requests.length = 0;
    expect((await errorOf(listAll(target, subject))).message).toContain('more than 50 pages');
    expect(requested('referrers')).toHaveLength(50);
  });

  it('[SEC-8] refuses a listing of more than 10,000 entries, and a page over 4 MiB', async () => {
    const entry = `{"mediaType":"${manifestTypes.image}","digest":"sha256:${'1'.repeat(64)}","size":1}`;
    const body = (count: number) =>
      Buffer.from(`{"schemaVersion":2,"manifests":[${Array.from({ length: count }, () => entry).join(',')}]}`);
    fault(/referrers/, { kind: 'change', change: () => body(10_001) });
    expect((await errorOf(listAll(target, subject))).code).toBe('registry-limit');
    registry.options.faults = [];
    fault(/referrers/, { kind: 'change', change: () => body(100_000) });
    expect((await errorOf(listAll(target, subject))).code).toBe('registry-limit');
  });

  it('[REG-75] examines entries without a type, and with the empty one', async () => {
    const { descriptor } = await push('one');
    registry.options.listedTypes = false;
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
  });

  it('[REG-55] asks for everything before it believes that there is nothing', async () => {
    expect(await listAll(target, subject)).toEqual([]);
    expect(requested('referrers').map((line) => line.includes('artifactType='))).toEqual([true, false]);
    expect(requested(`manifests/${tag}`)).toHaveLength(1);
  });

  it('[REG-75] looks under the tag when the API has no signature', async () => {
    const { descriptor } = await push('one', 'tag-schema');
    registry.options.referrersAnswer = {
      status: 200,
      contentType: manifestTypes.index,
      body: `{"schemaVersion":2,"mediaType":"${manifestTypes.index}","manifests":[]}`,
    };
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
  });
});

/** The same manifest with another artifact type. */
function changeType(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString().replace(signatureArtifactType, 'application/x.sbom'));
}

describe('detecting the API', () => {
  const none = { contentType: 'text/html', body: '<html>' };

  it.each([
    ['404 with text', { status: 404, contentType: 'text/plain', body: '404 page not found' }],
    ['404 with JSON', { status: 404, contentType: 'application/json', body: '{"errors":[{"code":"METHOD_UNKNOWN"}]}' }],
    [
      '404 MANIFEST_UNKNOWN',
      { status: 404, contentType: 'application/json', body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' },
    ],
    [
      '404 NAME_UNKNOWN of a resolved subject',
      { status: 404, contentType: 'application/json', body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' },
    ],
    ['405', { ...none, status: 405 }],
    ['400', { ...none, status: 400 }],
    ['406', { ...none, status: 406 }],
    ['501', { ...none, status: 501 }],
    ['200 with HTML', { ...none, status: 200 }],
    ['200 with bare manifests', { status: 200, contentType: 'application/json', body: '{"manifests": []}' }],
    ['303 to another host', { ...none, status: 303, location: 'http://127.0.0.1:1/login' }],
  ])('[REG-57] [NP-344] falls back to the tag after %s', async (_, answer) => {
    const { descriptor } = await push('one', 'tag-schema');
    registry.options.referrersAnswer = answer;
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
    expect(client.warnings.length).toBe(answer.status === 404 ? 0 : 1);
  });

  it('[REG-57] takes an index labelled as plain JSON for the API', async () => {
    const { descriptor } = await push('one');
    registry.options.listingType = 'application/json; charset=utf-8';
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
    expect(requested(`manifests/${tag}`)).toEqual([]);
  });

  it('[NP-344] [REG-57] takes 404 NAME_UNKNOWN for an error when the subject was never seen', async () => {
    const body = '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}';
    registry.options.referrersAnswer = { status: 404, contentType: 'application/json', body };
    const fresh = testClient();
    const error = await errorOf(listAll(fresh.repository(registry.host, 'team/app'), subject));
    expect(error).toMatchObject({ code: 'registry-response' });
    expect(error.message).toContain('NAME_UNKNOWN repository name not known');
    await fresh.close();
  });

  it.each([401, 403, 408, 425, 429, 500, 502, 503, 504])(
    '[REG-58] [SEC-15] never takes %i of the API for "unsigned"',
    async (status) => {
      await push('one', 'tag-schema');
      registry.options.referrersAnswer = { status, contentType: 'text/plain', body: '' };
      expect((await errorOf(listAll(target, subject))).code).toMatch(/^registry-/);
    },
  );

  it.each([401, 403, 408, 429, 500, 503])('[SEC-15] never takes %i of the tag for "unsigned"', async (status) => {
    registry.options.referrersApi = false;
    fault(/manifests\/sha256-/, { kind: 'status', status });
    expect((await errorOf(listAll(target, subject))).code).toMatch(/^registry-/);
  });

  it.each<[string, Fault]>([
    ['half a body', { kind: 'truncate' }],
    ['a reset', { kind: 'reset', when: 'before' }],
    ['no JSON', { kind: 'change', change: () => Buffer.from('{') }],
    ['a document that is no index', { kind: 'change', change: () => Buffer.from('[]') }],
  ])('[SEC-15] [SEC-16] never takes %s for "unsigned"', async (_, struck) => {
    fault(/referrers/, struck);
    expect((await errorOf(listAll(target, subject))).code).toMatch(/^registry-/);
    registry.options.faults = [];
    registry.options.referrersApi = false;
    const fresh = testClient();
    await push('one', 'tag-schema');
    fault(/manifests\/sha256-/, struck);
    expect((await errorOf(listAll(fresh.repository(registry.host, 'team/app'), subject))).code).toMatch(
      /^(?:registry-|digest-)/,
    );
    await fresh.close();
  });

  it('[REG-61] remembers what a repository has, not what a host has', async () => {
    registry.options.referrersApi = false;
    await listAll(target, subject);
    registry.requests.length = 0;
    await listAll(target, subject);
    expect(requested('referrers')).toEqual([]);
    await pushImage(registry.host, 'team/other');
    const other = client.repository(registry.host, 'team/other');
    await listAll(other, await other.resolve('v1'));
    expect(requested('/v2/team/other/referrers')).toHaveLength(1);
  });
});

describe('listReferrers by the tag', () => {
  beforeEach(() => {
    registry.options.referrersApi = false;
  });

  it('gives the entries of the index in its order, without other types', async () => {
    const first = await push('one');
    const second = await push('two');
    setTagIndex([
      { ...tagIndex().manifests[0], artifactType: 'application/x.sbom', digest: `sha256:${'1'.repeat(64)}` },
      ...tagIndex().manifests,
    ]);
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([
      first.descriptor.digest,
      second.descriptor.digest,
    ]);
  });

  it('[NP-347] [REG-75] reads the manifest of an entry without artifactType', async () => {
    const { descriptor } = await push('one');
    for (const artifactType of [undefined, '', 'application/vnd.oci.empty.v1+json']) {
      setTagIndex([
        { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size, artifactType },
      ]);
      expect(await listAll(target, subject)).toMatchObject([
        { digest: descriptor.digest, artifactType: signatureArtifactType },
      ]);
    }
  });

  it('[REG-83] hands on an untyped entry that cannot be read, and drops one that is gone', async () => {
    const { descriptor } = await push('one');
    const untyped = { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size };
    setTagIndex([{ ...untyped, size: untyped.size + 1 }]);
    expect(await listAll(target, subject)).toHaveLength(1);
    setTagIndex([{ ...untyped, digest: `sha256:${'1'.repeat(64)}` }]);
    expect(await listAll(target, subject)).toEqual([]);
    expect(client.warnings).toEqual([
      `The listing names sha256:${'1'.repeat(64)}, which is not in the repository any more.`,
    ]);
  });

  it('[SEC-8] examines a bounded number of untyped entries', async () => {
    const entries = Array.from({ length: 101 }, (_, index) => ({
      mediaType: manifestTypes.image,
      digest: digestOf(Buffer.from(String(index))),
      size: 1,
    }));
    setTagIndex(entries);
    expect((await errorOf(listAll(target, subject))).code).toBe('registry-limit');
  });

  it('[SEC-16] skips entries that are no descriptors, and says so', async () => {
    const { descriptor } = await push('one');
    setTagIndex([
      { digest: 7 },
      { mediaType: 'x', digest: 'md5:0', size: 1 },
      { ...tagIndex().manifests[0], size: -1 },
      ...tagIndex().manifests,
    ]);
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
    expect(client.warnings).toEqual(['The listing of referrers has 3 entries that are no descriptors.']);
  });

  it('[SEC-27] never follows the urls of a descriptor', async () => {
    const { descriptor } = await push('one');
    setTagIndex(tagIndex().manifests.map((entry) => ({ ...entry, urls: ['http://127.0.0.1:1/evil'] })));
    const [found] = await listAll(target, subject);
    expect(found?.digest).toBe(descriptor.digest);
    const manifest = parseSignatureManifest(await target.fetchManifest(descriptor), descriptor);
    stored().blobs.delete(manifest.envelope.digest);
    expect((await errorOf(target.fetchBlob({ ...manifest.envelope }))).code).toBe('artifact-not-found');
    expect(encodeDescriptor({ ...manifest.envelope })).not.toHaveProperty('urls');
  });
});

describe('pushReferrer', () => {
  it('[REG-59] [NP-353] leaves the tag alone where the API lists the referrer', async () => {
    expect(await push('one')).toMatchObject({ via: 'referrers-api', warnings: [] });
    expect(stored().tag(tag)).toBeUndefined();
    registry.options.subjectHeader = false;
    expect((await push('two')).via).toBe('referrers-api');
    expect(stored().tag(tag)).toBeUndefined();
  });

  it('[REG-59] writes the tag where OCI-Subject is a lie', async () => {
    Object.assign(registry.options, { referrersApi: false, subjectHeader: true });
    expect((await push('one')).via).toBe('tag-schema');
    expect(tagIndex().manifests).toHaveLength(1);
  });

  it('[REG-60] [NP-353] writes the tag in tag-schema mode although the API exists', async () => {
    expect((await push('one', 'tag-schema')).via).toBe('both');
    expect(tagIndex().manifests).toHaveLength(1);
    expect(await listAll(target, subject)).toHaveLength(1);
    expect(requested('GET /v2/team/app/referrers')).toHaveLength(1);
  });

  it('[REG-60] puts the manifest once more when the registry, which lists it itself, has dropped it with an index', async () => {
    const repository = stored();
    const setTag = repository.setTag.bind(repository);
    repository.setTag = (name, digest) => {
      setTag(name, digest);
      repository.setTag = setTag;
      for (const entry of tagIndex().manifests) repository.manifests.delete(String(entry['digest']));
    };
    const { descriptor, via } = await push('one', 'tag-schema');
    expect(via).toBe('both');
    expect(repository.manifests.has(descriptor.digest)).toBe(true);
    expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([descriptor.digest]);
  });

  it('[REG-63] [REG-90] lists the referrer as Notation does', async () => {
    registry.options.referrersApi = false;
    const { descriptor } = await push('one', 'tag-schema');
    const [entry] = tagIndex().manifests;
    expect(JSON.stringify(entry)).toBe(
      Buffer.from(
        encodeGoJson(
          encodeDescriptor({
            ...descriptor,
            annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '["one"]' },
            artifactType: signatureArtifactType,
          }),
        ),
      ).toString(),
    );
  });

  it('[NP-351] [REG-74] replaces the index and leaves the old one: no DELETE is ever sent', async () => {
    registry.options.referrersApi = false;
    await push('one', 'tag-schema');
    const old = stored().tag(tag);
    await push('two', 'tag-schema');
    expect(tagIndex().manifests).toHaveLength(2);
    expect(stored().tag(tag)).not.toBe(old);
    expect(requested('DELETE')).toEqual([]);
  });

  it('[NP-352] succeeds without a warning where deleting is not allowed', async () => {
    Object.assign(registry.options, { referrersApi: false, deletes: false });
    await push('one', 'tag-schema');
    expect((await push('two', 'tag-schema')).warnings).toEqual([]);
  });

  it('[REG-66] adds no second entry for the same manifest', async () => {
    registry.options.referrersApi = false;
    const manifest = await prepareSignature(target, subject, 'same');
    await target.pushReferrer(manifest, 'tag-schema');
    const fresh = testClient();
    await fresh.repository(registry.host, 'team/app').pushReferrer(manifest, 'tag-schema');
    await fresh.close();
    expect(tagIndex().manifests).toHaveLength(1);
  });

  it('[REG-64] refuses to overwrite a tag that holds something else', async () => {
    registry.options.referrersApi = false;
    const image = [...stored().manifests.values()].find(({ mediaType }) => mediaType === manifestTypes.image);
    if (image === undefined) throw new Error('no image');
    stored().setTag(tag, digestOf(image.bytes));
    const error = await errorOf(push('one', 'tag-schema'));
    expect(error.code).toBe('registry-response');
    expect(error.message).toContain('does not hold an index of referrers');
    expect(stored().tag(tag)).toBe(digestOf(image.bytes));
  });

  it('[REG-72] names the way out when tags are immutable', async () => {
    Object.assign(registry.options, { referrersApi: false, immutableTags: /^sha256-/ });
    await push('one', 'tag-schema');
    const error = await errorOf(push('two', 'tag-schema'));
    expect(error.code).toBe('push-failed');
    expect(error.message).toContain('the signature is stored but cannot be listed');
    expect(error.hint).toContain('exclude sha256-* from that rule');
    expect(error.hint).toContain('{input:forceReferrersTag}');
  });

  it('[REG-71] prunes an entry whose manifest is gone, keeps its own, and succeeds', async () => {
    registry.options.referrersApi = false;
    const first = await push('one', 'tag-schema');
    const bytes = stored().manifests.get(first.descriptor.digest);
    stored().manifests.delete(first.descriptor.digest);
    expect(bytes).toBeDefined();
    const fresh = testClient();
    const other = fresh.repository(registry.host, 'team/app');
    const second = await other.pushReferrer(await prepareSignature(other, subject, 'two'), 'tag-schema');
    await fresh.close();
    expect(tagIndex().manifests.map(({ digest }) => digest)).toEqual([second.descriptor.digest]);
  });

  it.each(['honoured', 'refused', 'ignored'] as const)(
    '[REG-70] copes with conditions that are %s',
    async (conditions) => {
      Object.assign(registry.options, { referrersApi: false, conditions });
      await push('one', 'tag-schema');
      await push('two', 'tag-schema');
      expect(tagIndex().manifests).toHaveLength(2);
      const puts = registry.requests.filter(({ method, path }) => method === 'PUT' && path.includes(tag));
      expect(puts[0]?.headers['if-none-match']).toBe('*');
      expect(puts.map(({ status }) => status)).toEqual(conditions === 'refused' ? [400, 201, 201] : [201, 201]);
    },
  );

  it('[REG-73] fails when the API never lists what it accepted', async () => {
    registry.options.referrersAnswer = {
      status: 200,
      contentType: manifestTypes.index,
      body: `{"schemaVersion":2,"mediaType":"${manifestTypes.index}","manifests":[]}`,
    };
    const error = await errorOf(push('one'));
    expect(error.code).toBe('push-failed');
    expect(error.message).toContain('is stored but');
  });

  it('[REG-73] fails when the tag never shows what it accepted', async () => {
    registry.options.referrersApi = false;
    fault(/manifests\/sha256-/, { kind: 'status', status: 404 }, { method: 'GET' });
    fault(/manifests\/sha256-/, { kind: 'status', status: 404 }, { method: 'HEAD' });
    const error = await errorOf(push('one', 'tag-schema'));
    expect(error.code).toBe('push-failed');
    expect(error.message).toContain('is stored but could not be listed');
  });

  it('[REG-86] goes round again after a broken connection, instead of repeating the PUT', async () => {
    registry.options.referrersApi = false;
    fault(/manifests\/sha256-/, { kind: 'reset', when: 'after' }, { method: 'PUT', times: 1 });
    await push('one', 'tag-schema');
    expect(tagIndex().manifests).toHaveLength(1);
    expect(requested(`PUT /v2/team/app/manifests/${tag}`)).toHaveLength(1);
    fault(/manifests\/sha256-/, { kind: 'status', status: 503 }, { method: 'PUT', times: 2 });
    await push('two', 'tag-schema');
    expect(tagIndex().manifests).toHaveLength(2);
  });

  it('[REG-27] names the size when a manifest is too large for the registry', async () => {
    fault(/manifests\/sha256:/, { kind: 'status', status: 413 }, { method: 'PUT' });
    const error = await errorOf(push('one'));
    expect(error.code).toBe('registry-limit');
    expect(error.message).toMatch(/pushing the manifest sha256:[0-9a-f]{64} of \d+ bytes/);
  });

  it('[SEC-29] keeps the entries of many at once, in one process and in several clients', async () => {
    registry.options.referrersApi = false;
    const clients = Array.from({ length: 4 }, () => testClient());
    await Promise.all(
      clients.flatMap((each, index) =>
        ['a', 'b'].map(async (text) => {
          const own = each.repository(registry.host, 'team/app');
          await own.pushReferrer(await prepareSignature(own, subject, `${text}${index}`), 'tag-schema');
        }),
      ),
    );
    expect(tagIndex().manifests).toHaveLength(8);
    for (const each of clients) await each.close();
  });
});
