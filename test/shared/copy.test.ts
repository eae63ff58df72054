// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOciLayout } from '../../shared/adapters/oci-layout/oci-layout.ts';
import { copyArtifact, type CopyCounts } from '../../shared/copy.ts';
import { maxDepth, readCopyGraph } from '../../shared/copy-graph.ts';
import type { CopySource, CopyTarget } from '../../shared/copy-ports.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { manifestTypes } from '../../shared/oci/manifest.ts';
import { referrersTag } from '../../shared/oci/referrers.ts';
import type { ReferrersMode } from '../../shared/ports.ts';
import { type Digest, digestOf } from '../../shared/primitives/digest.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import type { Fault, FaultRule } from '../fakes/registry/options.ts';
import { pushImage } from '../support/push-image.ts';
import { errorOf, listAll, prepareSignature, testClient, type TestClient } from '../support/registry-client.ts';

let from: EmbeddedRegistry;
let to: EmbeddedRegistry;
let client: TestClient;
let source: CopyTarget;
let target: CopyTarget;
let root: Descriptor;

beforeEach(async () => {
  [from, to] = await Promise.all([startRegistry(), startRegistry()]);
  client = testClient();
  source = client.repository(from.host, 'dev/app', 'pull');
  target = client.repository(to.host, 'prod/app', 'push');
  const image = await pushImage(from.host, 'dev/app', { attestations: true });
  root = { ...image.index, digest: image.index.digest as Digest };
});
afterEach(async () => {
  await client.close();
  await Promise.all([from.close(), to.close()]);
});

interface Chosen {
  readonly tags?: readonly string[];
  readonly mode?: ReferrersMode;
  readonly confirm?: () => Promise<void>;
  readonly source?: CopySource;
  readonly target?: CopyTarget;
}

async function copy(chosen: Chosen = {}): Promise<CopyCounts> {
  const ports = { source, target, confirm: () => Promise.resolve(), ...chosen };
  const graph = await readCopyGraph(ports.source, root);
  return copyArtifact({ graph, tags: chosen.tags ?? [], referrersMode: chosen.mode ?? 'api-first' }, ports);
}

/** Signs something at the source, as far as the registry can tell. */
async function sign(subject: Descriptor, text: string, mode: ReferrersMode = 'api-first'): Promise<Descriptor> {
  const writer = client.repository(from.host, 'dev/app', 'push');
  const { descriptor } = await writer.pushReferrer(await prepareSignature(writer, subject, text), mode);
  return descriptor;
}

function held(registry: EmbeddedRegistry, repository: string) {
  const stored = registry.storage.repository(repository);
  return { blobs: [...stored.blobs.keys()].sort(), manifests: [...stored.manifests.keys()].sort() };
}

function fault(registry: EmbeddedRegistry, struck: Fault, rule: Omit<FaultRule, 'fault'>): void {
  registry.options.faults.push({ ...rule, fault: struck });
}

/** Puts a layer of so many bytes into an image of its own, which becomes what is copied. */
function storeImage(size: number, layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'): Descriptor {
  const stored = from.storage.repository('dev/app');
  const blob = (bytes: Buffer): { digest: Digest; size: number } => {
    stored.blobs.set(digestOf(bytes), bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const layer = { mediaType: layerType, ...blob(randomBytes(size)) };
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', ...blob(Buffer.from('{"os":"linux"}')) };
  root = storeManifest({ config, layers: [layer] });
  return layer;
}

function storeManifest(content: Record<string, unknown>, mediaType: string = manifestTypes.image): Descriptor {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
  const digest = digestOf(bytes);
  from.storage.repository('dev/app').manifests.set(digest, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

/** Makes the referrers tag of the root name whatever it is told to. */
function listByTag(entries: readonly unknown[]): void {
  const stored = from.storage.repository('dev/app');
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestTypes.index, manifests: entries }));
  stored.manifests.set(digestOf(bytes), { mediaType: manifestTypes.index, bytes });
  stored.setTag(referrersTag(root.digest), digestOf(bytes));
}

describe('copyArtifact', () => {
  it('copies an index with platforms, attestations, signatures, and signatures of signatures and platforms', async () => {
    const signature = await sign(root, 'of the index');
    const ofSignature = await sign(signature, 'of the signature');
    const graph = await readCopyGraph(source, root);
    const platform = graph.levels[0]?.[0]?.descriptor;
    if (platform === undefined) throw new Error('an image has platforms');
    const ofPlatform = await sign(platform, 'of a platform');

    const counts = await copy({ tags: ['v1', 'latest'] });
    expect(counts).toMatchObject({ manifests: 8, referrers: 3, signatures: 3 });
    expect(held(to, 'prod/app')).toEqual(held(from, 'dev/app'));
    expect(to.storage.repository('prod/app').tags()).toEqual(['latest', 'v1']);
    expect(to.storage.repository('prod/app').tag('v1')).toBe(root.digest);
    for (const [subject, referrer] of [
      [root, signature],
      [signature, ofSignature],
      [platform, ofPlatform],
    ] as const) {
      expect((await listAll(target, subject)).map(({ digest }) => digest)).toEqual([referrer.digest]);
    }
  });

  it.each([
    ['the API', 'the tag', true, false],
    ['the tag', 'the API', false, true],
    ['the tag', 'the tag', false, false],
  ])('lists by %s what was listed by %s before', async (there, here, api, wasApi) => {
    expect([there, here]).not.toContain('');
    from.options.referrersApi = wasApi;
    to.options.referrersApi = api;
    const signatures = [await sign(root, 'one'), await sign(root, 'two')];
    await copy();
    const listed = await listAll(target, root);
    expect(listed.map(({ digest }) => digest).sort()).toEqual(signatures.map(({ digest }) => digest).sort());
    expect(to.storage.repository('prod/app').tag(referrersTag(root.digest)) === undefined).toBe(api);
  });

  it('takes what the API lists and what the referrers tag lists', async () => {
    const viaApi = await sign(root, 'by the API');
    from.options.referrersApi = false;
    client = testClient();
    source = client.repository(from.host, 'dev/app', 'pull');
    const viaTag = await sign(root, 'by the tag', 'tag-schema');
    // An API that does not know what was pushed before it came.
    const index = { schemaVersion: 2, mediaType: manifestTypes.index, manifests: [viaApi] };
    from.options.referrersAnswer = { status: 200, contentType: manifestTypes.index, body: JSON.stringify(index) };
    client = testClient();
    source = client.repository(from.host, 'dev/app', 'pull');
    const found: string[] = [];
    for await (const { digest } of source.listAllReferrers(root)) found.push(digest);
    expect(found.sort()).toEqual([viaApi.digest, viaTag.digest].sort());
    expect(new Set(found).size).toBe(2);
  });

  it('loses nothing of the listing that is at the target already', async () => {
    to.options.referrersApi = false;
    const signature = await sign(root, 'ours');
    await copy();
    const writer = client.repository(to.host, 'prod/app', 'push');
    const theirs = await writer.pushReferrer(await prepareSignature(writer, root, 'theirs'), 'tag-schema');
    const more = await sign(root, 'more');
    await copy({ mode: 'tag-schema' });
    const listed = (await listAll(target, root)).map(({ digest }) => digest);
    expect(listed.sort()).toEqual([signature.digest, theirs.descriptor.digest, more.digest].sort());
  });

  it('does not send again what is there, and ends what an earlier run began', async () => {
    await sign(root, 'signature');
    fault(to, { kind: 'status', status: 403 }, { method: 'PUT', path: /manifests/, skip: 2 });
    expect((await errorOf(copy({ tags: ['v1'] }))).code).toBe('registry-denied');
    expect(to.storage.repository('prod/app').tags()).toEqual([]);
    to.options.faults.length = 0;
    to.requests.length = 0;
    client = testClient();
    [source, target] = [client.repository(from.host, 'dev/app'), client.repository(to.host, 'prod/app', 'push')];

    const counts = await copy({ tags: ['v1'] });
    expect(counts.blobs).toMatchObject({ copied: 0, mounted: 0 });
    expect(counts.bytes).toBe(0);
    expect(to.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    expect(held(to, 'prod/app')).toEqual(held(from, 'dev/app'));
    expect(to.storage.repository('prod/app').tag('v1')).toBe(root.digest);
  });

  it('gives no tag to a copy that is not confirmed', async () => {
    const refused = copy({ tags: ['v1'], confirm: () => Promise.reject(new Error('not good enough')) });
    await expect(refused).rejects.toThrow('not good enough');
    expect(to.storage.repository('prod/app').tags()).toEqual([]);
  });

  it('copies by sha512, under its digest', async () => {
    const small = storeImage(10);
    const manifest = from.storage.repository('dev/app').manifests.get(root.digest);
    if (manifest === undefined) throw new Error('stored just now');
    const digest = digestOf(manifest.bytes, 'sha512');
    from.storage.repository('dev/app').manifests.set(digest, manifest);
    root = { ...root, digest };
    await copy({ tags: ['v1'] });
    expect(held(to, 'prod/app').manifests).toContain(digest);
    expect(held(to, 'prod/app').blobs).toContain(small.digest);
  });

  it('leaves out layers that registries do not hold', async () => {
    const layer = storeImage(10, 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip');
    await copy();
    expect(held(to, 'prod/app').blobs).not.toContain(layer.digest);
  });

  it('streams: what is sent is never held as a whole', async () => {
    const layer = storeImage(20 * 1024 * 1024);
    let most = 0;
    const pieces: CopySource = Object.assign(Object.create(source) as CopySource, {
      origin: source.origin,
      fetchManifest: (descriptor: Descriptor) => source.fetchManifest(descriptor),
      listAllReferrers: (subject: Descriptor) => source.listAllReferrers(subject),
      async *readBlob(descriptor: Descriptor) {
        for await (const piece of source.readBlob(descriptor)) {
          most = Math.max(most, piece.length);
          yield piece;
        }
      },
    });
    const counts = await copy({ source: pieces });
    expect(counts.bytes).toBeGreaterThan(layer.size);
    expect(most).toBeLessThan(layer.size / 10);
    const put = to.requests.find(({ method, body }) => method === 'PUT' && body.length === layer.size);
    expect(put?.headers['content-length']).toBe(String(layer.size));
    expect(put?.headers['transfer-encoding']).toBeUndefined();
  });
});

describe('within one registry', () => {
  beforeEach(() => {
    target = client.repository(from.host, 'prod/app', 'push');
  });

  it('mounts blobs instead of moving them', async () => {
    const counts = await copy();
    expect(counts.blobs).toMatchObject({ copied: 0 });
    expect(counts.blobs.mounted).toBeGreaterThan(0);
    expect(from.requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))).toEqual([]);
    expect(held(from, 'prod/app').manifests).toContain(root.digest);
  });

  it('asks for a token that may read the other repository, and for no more', async () => {
    from.options.auth = { kind: 'bearer', users: [{ name: 'u', password: 'p' }] };
    client = testClient({ environment: { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' } });
    [source, target] = [client.repository(from.host, 'dev/app'), client.repository(from.host, 'prod/app', 'push')];
    const counts = await copy();
    expect(counts.blobs.mounted).toBeGreaterThan(0);
    const scopes = from.requests.flatMap(({ path }) =>
      path.startsWith('/token') ? [new URL(path, 'http://x').searchParams.getAll('scope').join(' ')] : [],
    );
    expect(scopes.sort()).toEqual([
      'repository:dev/app:pull',
      'repository:dev/app:pull repository:prod/app:pull,push',
      'repository:prod/app:pull,push',
    ]);
  });

  it.each([
    ['does not mount', { kind: 'headers', headers: {} }, 202],
    ['refuses to mount', { kind: 'status', status: 403 }, 403],
    ['does not know mounting', { kind: 'status', status: 405 }, 405],
  ] as const)('sends the blobs to a registry that %s', async (_, struck, status) => {
    if (status === 202) {
      // What is asked for is not where it is said to be.
      const stored = from.storage.repository('elsewhere');
      source = Object.assign(Object.create(source) as CopyTarget, {
        origin: { registry: from.host, repository: 'elsewhere' },
        fetchManifest: source.fetchManifest.bind(source),
        listAllReferrers: source.listAllReferrers.bind(source),
        readBlob: source.readBlob.bind(source),
      });
      expect(stored.blobs.size).toBe(0);
    } else fault(from, struck, { method: 'POST', path: /mount=/ });
    const counts = await copy();
    expect(counts.blobs).toMatchObject({ mounted: 0 });
    expect(counts.blobs.copied).toBeGreaterThan(0);
    expect(held(from, 'prod/app').blobs).toEqual(held(from, 'dev/app').blobs);
    expect(from.storage.repository('prod/app').uploads.size).toBe(0);
  });
});

describe('a hostile or failing source', () => {
  it.each<[string, Fault, string]>([
    ['other bytes', { kind: 'change', change: (body) => Buffer.alloc(body.length) }, 'digest-mismatch'],
    ['fewer bytes', { kind: 'change', change: (body) => body.subarray(1) }, 'digest-mismatch'],
    ['more bytes', { kind: 'change', change: (body) => Buffer.concat([body, body]) }, 'registry-limit'],
    ['compressed bytes', { kind: 'headers', headers: { 'content-encoding': 'gzip' } }, 'registry-response'],
  ])('[SEC-9] [SEC-26] stores nothing of a layer with %s', async (_, struck, code) => {
    const layer = storeImage(300_000);
    fault(from, struck, { method: 'GET', path: new RegExp(`blobs/${layer.digest}`) });
    expect((await errorOf(copy({ tags: ['v1'] }))).code).toBe(code);
    const stored = to.storage.repository('prod/app');
    expect(stored.blobs.has(layer.digest)).toBe(false);
    expect(stored.manifests.size).toBe(0);
    expect(stored.tags()).toEqual([]);
    expect(stored.uploads.size).toBe(0);
  });

  it('[SEC-26] ends with an endless layer', async () => {
    const layer = storeImage(1000);
    to.options.chunked = from.options.chunked = true;
    fault(
      from,
      { kind: 'change', change: () => Buffer.alloc(50_000_000) },
      { path: new RegExp(`blobs/${layer.digest}`) },
    );
    expect((await errorOf(copy())).code).toBe('registry-limit');
    expect(to.storage.repository('prod/app').blobs.has(layer.digest)).toBe(false);
  });

  it('[REG-79] copies a layer again that was altered or cut once', async () => {
    const layer = storeImage(300_000);
    const path = new RegExp(`blobs/${layer.digest}`);
    fault(from, { kind: 'truncate' }, { method: 'GET', path, times: 2 });
    fault(
      from,
      { kind: 'change', change: (body) => Buffer.alloc(body.length) },
      { method: 'GET', path, skip: 2, times: 1 },
    );
    await copy();
    expect(to.storage.repository('prod/app').blobs.get(layer.digest)).toHaveLength(300_000);
    expect(to.storage.repository('prod/app').uploads.size).toBe(0);
  });

  it('[REG-24] [SEC-25] follows a redirect of a layer without credentials, and stops at the sixth', async () => {
    const layer = storeImage(1000);
    const storage = await startRegistry();
    storage.storage
      .repository('dev/app')
      .blobs.set(layer.digest, from.storage.repository('dev/app').blobs.get(layer.digest) ?? Buffer.alloc(0));
    from.options.auth = { kind: 'basic', users: [{ name: 'u', password: 'p' }] };
    const location = `http://${storage.host}/v2/dev/app/blobs/${layer.digest}`;
    fault(
      from,
      { kind: 'status', status: 307, headers: { location } },
      { method: 'GET', path: new RegExp(layer.digest) },
    );
    client = testClient({ environment: { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' } });
    source = client.repository(from.host, 'dev/app');
    await copy();
    expect(storage.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
    expect(to.requests.map(({ headers }) => headers['authorization']).filter((header) => header !== undefined)).toEqual(
      [],
    );
    fault(storage, { kind: 'status', status: 307, headers: { location } }, {});
    to.storage.repository('prod/app').blobs.clear();
    client = testClient({ environment: { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' } });
    [source, target] = [client.repository(from.host, 'dev/app'), client.repository(to.host, 'prod/app', 'push')];
    expect((await errorOf(copy())).code).toBe('registry-response');
    await storage.close();
  });

  it('does not copy an index that lacks a platform', async () => {
    const graph = await readCopyGraph(source, root);
    from.storage.repository('dev/app').manifests.delete(graph.levels[0]?.[0]?.descriptor.digest ?? '');
    client = testClient();
    source = client.repository(from.host, 'dev/app');
    expect((await errorOf(copy())).code).toBe('artifact-not-found');
    expect(to.requests).toEqual([]);
  });

  it('[REG-84] [REG-71] leaves out what is listed and does not belong, and says so', async () => {
    const good = await sign(root, 'good');
    const other = storeManifest({
      config: { mediaType: 'application/x', digest: digestOf(Buffer.from('{}')), size: 2 },
      layers: [],
      subject: { ...root, digest: digestOf(Buffer.from('x')) },
    });
    const broken = { mediaType: manifestTypes.image, digest: digestOf(Buffer.from('broken')), size: 6 };
    from.storage
      .repository('dev/app')
      .manifests.set(broken.digest, { mediaType: manifestTypes.image, bytes: Buffer.from('broken') });
    const gone = { mediaType: manifestTypes.image, digest: digestOf(Buffer.from('gone')), size: 4 };
    const large = { mediaType: manifestTypes.image, digest: digestOf(Buffer.from('large')), size: 2 ** 40 };
    const odd = { mediaType: 'text/plain', digest: digestOf(Buffer.from('odd')), size: 3 };
    listByTag([good, other, broken, gone, large, odd, root]);
    const graph = await readCopyGraph(source, root);
    expect(graph.leftOut).toHaveLength(5);
    expect(graph.referrers.flat().map(({ descriptor }) => descriptor.digest)).toEqual([good.digest]);
  });

  it('ends where listings lead back to what was seen', async () => {
    const signature = await sign(root, 'one');
    const second = await sign(signature, 'two');
    const stored = from.storage.repository('dev/app');
    for (const subject of [root, signature, second]) {
      const bytes = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: manifestTypes.index, manifests: [root, signature, second] }),
      );
      stored.manifests.set(digestOf(bytes), { mediaType: manifestTypes.index, bytes });
      stored.setTag(referrersTag(subject.digest), digestOf(bytes));
    }
    expect(await copy()).toMatchObject({ referrers: 2 });
  });

  it('refuses a chain of referrers that does not end', async () => {
    let subject = root;
    for (let step = 0; step < maxDepth + 1; step++) subject = await sign(subject, `step ${step}`);
    const error = await errorOf(readCopyGraph(source, root));
    expect(error.code).toBe('registry-limit');
    expect(error.message).toContain(`more than ${maxDepth} steps`);
  });

  it('refuses what says that it has more bytes than any image', async () => {
    const layer = { mediaType: 'application/x', digest: digestOf(Buffer.from('l')), size: 2 ** 45 };
    root = storeManifest({
      config: { mediaType: 'application/x', digest: digestOf(Buffer.from('{}')), size: 2 },
      layers: [layer],
    });
    const error = await errorOf(readCopyGraph(source, root));
    expect(error).toMatchObject({ code: 'registry-limit' });
  });

  it('refuses an index with more manifests than any artifact, and asks for none of them', async () => {
    const manifests = Array.from({ length: 6000 }, (_, index) => ({
      ...{ mediaType: manifestTypes.image, size: 10 },
      digest: digestOf(Buffer.from(String(index))),
    }));
    root = storeManifest({ manifests }, manifestTypes.index);
    from.requests.length = 0;
    const error = await errorOf(readCopyGraph(source, root));
    expect(error.message).toContain('more than 5000 manifests');
    expect(from.requests.length).toBeLessThan(20);
  });

  it('[SEC-15] does not take a listing that fails for an empty one', async () => {
    await sign(root, 'signature');
    for (const status of [401, 403, 500]) {
      from.options.faults = [{ path: /referrers/, fault: { kind: 'status', status } }];
      client = testClient();
      expect((await errorOf(readCopyGraph(client.repository(from.host, 'dev/app'), root))).code).toMatch(/^registry-/);
    }
  });

  it('refuses contents that are not known', async () => {
    root = storeManifest({}, 'application/vnd.example.other+json');
    expect((await errorOf(readCopyGraph(source, root))).code).toBe('malformed');
  });
});

describe('a hostile or failing target', () => {
  it('finds out that a blob has another size than was sent', async () => {
    storeImage(1000);
    fault(to, { kind: 'headers', headers: { 'content-length': '7' } }, { method: 'HEAD', path: /blobs/, skip: 2 });
    expect((await errorOf(copy())).code).toBe('push-failed');
    expect(to.storage.repository('prod/app').manifests.size).toBe(0);
  });

  it('finds out that a manifest reads otherwise than it was written', async () => {
    fault(
      to,
      { kind: 'change', change: (body) => Buffer.concat([body, Buffer.from(' ')]) },
      { method: 'GET', path: /manifests\/sha256:/ },
    );
    const error = await errorOf(copy({ tags: ['v1'] }));
    expect(error.code).toBe('digest-mismatch');
    expect(to.storage.repository('prod/app').tags()).toEqual([]);
  });

  it('[REG-96] waits for a manifest that cannot be read at once', async () => {
    fault(
      to,
      { kind: 'status', status: 404 },
      { method: 'GET', path: new RegExp(`manifests/${root.digest}`), times: 3 },
    );
    expect(await copy()).toMatchObject({ manifests: 5 });
  });

  it.each([
    [{ kind: 'status', status: 503 }],
    [{ kind: 'reset', when: 'before' }],
    [{ kind: 'reset', when: 'after' }],
  ] as const)('[REG-22] [REG-86] repeats an upload that is lost: %j', async (struck) => {
    const layer = storeImage(300_000);
    fault(to, struck, { method: 'PUT', path: /uploads/, times: 2 });
    await copy();
    expect(to.storage.repository('prod/app').blobs.get(layer.digest)).toHaveLength(300_000);
  });

  it('[REG-41] goes on when the token expires between opening an upload and sending it', async () => {
    to.options.auth = { kind: 'bearer', users: [{ name: 'u', password: 'p' }] };
    client = testClient({ environment: { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' } });
    [source, target] = [client.repository(from.host, 'dev/app'), client.repository(to.host, 'prod/app', 'push')];
    const layer = storeImage(300_000);
    const challenge = `Bearer realm="http://${to.host}/token",service="embedded",scope="repository:prod/app:pull,push",error="invalid_token"`;
    fault(
      to,
      { kind: 'status', status: 401, headers: { 'www-authenticate': challenge } },
      { method: 'PUT', path: /uploads/, times: 1 },
    );
    await copy();
    expect(to.storage.repository('prod/app').blobs.get(layer.digest)).toHaveLength(300_000);
  });

  it('[REG-72] says that a tag cannot be changed, and where the copy is', async () => {
    await copy({ tags: ['v1'] });
    storeImage(10);
    to.options.immutableTags = /^v1$/;
    const error = await errorOf(copy({ tags: ['v1'] }));
    expect(error).toMatchObject({ code: 'push-failed', hint: expect.stringContaining('copyTo') as unknown });
    expect(held(to, 'prod/app').manifests).toContain(root.digest);
  });

  it('[REG-85] waits as it is asked to', async () => {
    fault(to, { kind: 'status', status: 429, headers: { 'retry-after': '2' } }, { times: 5 });
    expect(await copy()).toMatchObject({ manifests: 5 });
  });

  it('[REG-87] ends at once when the run is cancelled', async () => {
    storeImage(1000);
    const controller = new AbortController();
    client = testClient({ signal: controller.signal });
    [source, target] = [client.repository(from.host, 'dev/app'), client.repository(to.host, 'prod/app', 'push')];
    fault(to, { kind: 'delay', before: 3_600_000 }, { method: 'PUT' });
    const running = errorOf(copy());
    while (!to.requests.some(({ method }) => method === 'PUT')) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    expect((await running).code).toBe('cancelled');
    expect(to.storage.repository('prod/app').uploads.size).toBe(0);
  });

  it('[SEC-25] sends nothing of one registry to the other', async () => {
    from.options.auth = { kind: 'basic', users: [{ name: 'reader', password: 'of-the-source' }] };
    to.options.auth = { kind: 'basic', users: [{ name: 'writer', password: 'of-the-target' }] };
    const auths = {
      [from.host]: { auth: Buffer.from('reader:of-the-source').toString('base64') },
      [to.host]: { auth: Buffer.from('writer:of-the-target').toString('base64') },
    };
    client = testClient({ environment: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) } });
    [source, target] = [client.repository(from.host, 'dev/app'), client.repository(to.host, 'prod/app', 'push')];
    await copy();
    const sent = (registry: EmbeddedRegistry) =>
      new Set(
        registry.requests.flatMap(({ headers }) =>
          headers['authorization'] === undefined ? [] : [headers['authorization']],
        ),
      );
    expect([...sent(from)]).toEqual([`Basic ${auths[from.host]?.auth ?? ''}`]);
    expect([...sent(to)]).toEqual([`Basic ${auths[to.host]?.auth ?? ''}`]);
  });
});

describe('OCI image layouts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'copy-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('copies from a registry to a new layout and from there to another registry', async () => {
    const signature = await sign(root, 'signature');
    const layout = openOciLayout(join(folder, 'new/layout'), { create: true });
    expect(await copy({ target: layout, tags: ['v1'] })).toMatchObject({ signatures: 1 });
    expect(await layout.resolve('v1')).toEqual(root);
    expect((await copy({ target: layout, tags: ['v1'] })).blobs).toMatchObject({ copied: 0 });

    const again = openOciLayout(join(folder, 'new/layout'));
    await copy({ source: again, tags: ['v1'] });
    expect(held(to, 'prod/app')).toEqual(held(from, 'dev/app'));
    expect((await listAll(target, root)).map(({ digest }) => digest)).toEqual([signature.digest]);
  });

  it('moves a tag, and keeps what had it', async () => {
    const path = join(folder, 'layout');
    const layout = openOciLayout(path, { create: true });
    const first = root;
    await copy({ target: layout, tags: ['v1', 'first'] });
    storeImage(10);
    await copy({ target: layout, tags: ['v1'] });
    expect(await layout.resolve('v1')).toEqual(root);
    expect(await layout.resolve('first')).toEqual(first);
    expect(await layout.resolve(first.digest)).toEqual(first);
    const { manifests } = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: unknown[] };
    expect(manifests).toHaveLength(2);
    storeImage(11);
    await copy({ target: layout, tags: ['v1'] });
    const { manifests: later } = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: unknown[] };
    expect(later).toHaveLength(3);
  });

  it('writes a blob again that is damaged', async () => {
    const layer = storeImage(1000);
    const layout = openOciLayout(join(folder, 'layout'), { create: true });
    await copy({ target: layout });
    const file = join(folder, 'layout/blobs', layer.digest.replace(':', '/'));
    rmSync(file);
    writeFileSync(file, Buffer.alloc(1000));
    await copy({ target: layout });
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(layer.digest.slice(7));
  });

  it('stores nothing under the name of a blob that came otherwise', async () => {
    const layer = storeImage(300_000);
    fault(from, { kind: 'change', change: (body) => Buffer.alloc(body.length) }, { path: new RegExp(layer.digest) });
    const layout = openOciLayout(join(folder, 'layout'), { create: true });
    expect((await errorOf(copy({ target: layout }))).code).toBe('digest-mismatch');
    expect(() => readFileSync(join(folder, 'layout/blobs', layer.digest.replace(':', '/')))).toThrow('ENOENT');
  });

  it('does not make a layout where something else is', async () => {
    writeFileSync(join(folder, 'file'), 'x');
    const layout = openOciLayout(folder, { create: true });
    expect((await errorOf(copy({ target: layout }))).code).toBe('layout-unusable');
    const file = openOciLayout(join(folder, 'file'), { create: true });
    expect((await errorOf(copy({ target: file }))).code).toMatch(/layout-unusable|malformed/);
  });
});
