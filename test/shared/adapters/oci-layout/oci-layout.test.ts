// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOciLayout } from '../../../../shared/adapters/oci-layout/oci-layout.ts';
import type { Descriptor } from '../../../../shared/oci/descriptor.ts';
import { manifestTypes } from '../../../../shared/oci/manifest.ts';
import {
  emptyConfigMediaType,
  encodeSignatureManifest,
  signatureArtifactType,
  type SignatureManifestForm,
} from '../../../../shared/oci/signature-manifest.ts';
import type { ArtifactTarget } from '../../../../shared/ports.ts';
import { digestOf, parseDigest } from '../../../../shared/primitives/digest.ts';
import { TestLayout } from '../../../fakes/layout-folder.ts';
import { layoutEntries, packLayout, tarEntry, tarOf } from '../../../fakes/tar.ts';

let layout: TestLayout;
let target: ArtifactTarget;

beforeEach(() => {
  layout = new TestLayout();
  target = openOciLayout(layout.path);
});
afterEach(() => {
  layout.remove();
});

const annotations = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };

/** Pushes a signature as the use case does. */
async function pushSignature(to: ArtifactTarget, subject: Descriptor, text: string, form: SignatureManifestForm) {
  const envelope = await to.pushBlob('application/cose', Buffer.from(text));
  await to.pushBlob('x', Buffer.from('{}'));
  const bytes = encodeSignatureManifest({ form, envelope, subject, annotations });
  const manifest = { mediaType: manifestTypes.image, bytes, artifactType: signatureArtifactType, annotations, subject };
  return to.pushReferrer(manifest, 'tag-schema');
}

async function listed(from: ArtifactTarget = target, subject = layout.image): Promise<string[]> {
  const digests: string[] = [];
  for await (const { digest } of from.listReferrers(subject, signatureArtifactType)) digests.push(digest);
  return digests;
}

const config = (mediaType: string) => ({ mediaType, digest: digestOf(Buffer.from('{}')), size: 2 });

describe('resolving', () => {
  it('gives the plain descriptor by tag and by digest, and the only artifact without either', async () => {
    for (const name of ['v1', layout.image.digest, '']) expect(await target.resolve(name)).toEqual(layout.image);
  });

  it('does not take a signature for an artifact', async () => {
    await pushSignature(target, layout.image, 'one', 'config-media-type');
    expect(await target.resolve('')).toEqual(layout.image);
  });

  it('finds a manifest inside an index, with its own media type', async () => {
    const inner = layout.putManifest({ config: config('x/y'), layers: [] });
    const index = layout.putManifest({ manifests: [inner] }, manifestTypes.index);
    layout.addEntry(index);
    expect(await target.resolve(inner.digest)).toEqual(inner);
    await expect(target.resolve('')).rejects.toMatchObject({
      code: 'artifact-not-found',
      hint: `The layout has ${layout.image.digest} ("v1"), ${index.digest}.`,
    });
  });

  it('tells what there is when the tag or digest is not', async () => {
    const none = `sha256:${'0'.repeat(64)}`;
    for (const [name, text] of [
      ['v2', 'no entry of index.json has the tag "v2"'],
      [none, `has no manifest ${none}`],
    ] as const) {
      await expect(target.resolve(name)).rejects.toMatchObject({
        code: 'artifact-not-found',
        message: expect.stringContaining(text) as string,
        hint: `The layout has ${layout.image.digest} ("v1").`,
      });
    }
  });

  it('refuses a tag that several artifacts have', async () => {
    layout.addImage('other', 'v1');
    await expect(target.resolve('v1')).rejects.toThrow('several entries of index.json have the tag "v1"');
  });

  it.each([
    ['oci-layout', undefined, 'it has no file oci-layout'],
    ['index.json', undefined, 'it has no index.json'],
    ['oci-layout', '{"imageLayoutVersion":"1.1.0"}', 'unsupported version "1.1.0"'],
    ['oci-layout', '{', 'JSON'],
    ['index.json', '{"schemaVersion":1,"manifests":[]}', 'not an image index'],
    ['index.json', '[]', 'not a JSON object'],
  ])('refuses a layout whose %s is %s', async (path, content, message) => {
    if (content === undefined) unlinkSync(join(layout.path, path));
    else layout.write(path, content);
    await expect(target.resolve('v1')).rejects.toThrow(message);
  });

  it('refuses a path with nothing, or with neither folder nor archive', async () => {
    await expect(openOciLayout(join(layout.parent, 'none')).resolve('v1')).rejects.toMatchObject({
      code: 'layout-unusable',
      message: expect.stringContaining('there is no') as string,
    });
    await expect(openOciLayout('/dev/null').resolve('v1')).rejects.toThrow('neither a folder nor a tar archive');
  });
});

describe('content', () => {
  it('is exactly what the descriptor names', async () => {
    expect(await target.fetchManifest(layout.image)).toEqual(layout.blob(layout.image.digest));
    await expect(target.fetchBlob({ ...layout.image, size: 5 })).rejects.toMatchObject({ code: 'digest-mismatch' });
    chmodSync(layout.blobFile(layout.image.digest), 0o644);
    layout.write(`blobs/sha256/${layout.image.digest.slice(7)}`, 'x'.repeat(layout.image.size));
    await expect(target.fetchManifest(layout.image)).rejects.toMatchObject({ code: 'digest-mismatch' });
    await expect(target.resolve('v1')).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('that is not there is told', async () => {
    const digest = parseDigest(`sha512:${'0'.repeat(128)}`);
    await expect(target.fetchBlob({ mediaType: 'x', digest, size: 1 })).rejects.toMatchObject({
      code: 'artifact-not-found',
    });
  });

  it('is bounded', async () => {
    const large = layout.putBlob(manifestTypes.image, Buffer.alloc(4 * 1024 * 1024 + 1));
    await expect(target.fetchManifest(large)).rejects.toMatchObject({ code: 'registry-limit' });
    layout.addEntry(large);
    await expect(listed()).rejects.toThrow('referrer node too large: 4194305 bytes');
  });

  it.each([
    ['a blob', () => layout.blobFile(layout.image.digest)],
    ['the folder of blobs', () => join(layout.path, 'blobs/sha256')],
    ['the folder of algorithms', () => join(layout.path, 'blobs')],
    ['index.json', () => join(layout.path, 'index.json')],
    ['oci-layout', () => join(layout.path, 'oci-layout')],
  ])('behind a symbolic link is refused: %s', async (_, pathOf) => {
    const path = pathOf();
    renameSync(path, `${layout.parent}/elsewhere`);
    symlinkSync(`${layout.parent}/elsewhere`, path);
    await expect(target.resolve('v1')).rejects.toThrow('is or goes through a symbolic link');
    if (path.endsWith('sha256')) {
      await expect(target.pushBlob('x', Buffer.from('outside'))).rejects.toThrow('symbolic link');
      expect(readdirSync(`${layout.parent}/elsewhere`)).not.toContain(digestOf(Buffer.from('outside')).slice(7));
    }
  });

  it('may be in a folder that a link leads to', async () => {
    symlinkSync(layout.path, join(layout.parent, 'link'));
    expect(await openOciLayout(join(layout.parent, 'link')).resolve('v1')).toEqual(layout.image);
  });
});

describe('listing', () => {
  /** A manifest with the image as its subject. */
  function referrer(members: Readonly<Record<string, unknown>>, mediaType?: string): Descriptor {
    const descriptor = layout.putManifest({ subject: layout.image, ...members }, mediaType);
    layout.addEntry(descriptor);
    return descriptor;
  }

  const layers = [config('application/cose')];

  it('[NP-348] shows an image manifest with the config media type of a signature', async () => {
    const { digest } = referrer({ config: config(signatureArtifactType), layers });
    expect(await listed()).toEqual([digest]);
  });

  it.each([
    ['skips an artifact type of a signature with another config', signatureArtifactType, 'x/y', false],
    ['shows it with the empty config, as Notation 2', signatureArtifactType, emptyConfigMediaType, true],
    [
      'shows the config of a signature with another artifact type, as Notation 1.3.2',
      'x/y',
      signatureArtifactType,
      true,
    ],
    ['skips what is no signature at all', 'x/y', emptyConfigMediaType, false],
  ])('[NP-349] %s', async (_, artifactType, configType, shown) => {
    const { digest } = referrer({ artifactType, config: config(configType), layers });
    expect(await listed()).toEqual(shown ? [digest] : []);
  });

  it('[NP-350] shows an artifact manifest', async () => {
    const { digest } = referrer({ artifactType: signatureArtifactType, blobs: layers }, manifestTypes.artifact);
    expect(await listed()).toEqual([digest]);
  });

  it('wants the same subject: media type, digest and size', async () => {
    for (const change of [{ mediaType: manifestTypes.dockerImage }, { size: 1 }, { digest: config('x').digest }]) {
      referrer({ config: config(signatureArtifactType), layers, subject: { ...layout.image, ...change } });
    }
    referrer({ config: config(signatureArtifactType), layers, subject: undefined });
    expect(await listed()).toEqual([]);
  });

  it('finds signatures inside an index, and goes round in circles only once', async () => {
    const inner = layout.putManifest({ config: config(signatureArtifactType), layers, subject: layout.image });
    const index = layout.putManifest({ manifests: [inner, inner, layout.image] }, manifestTypes.index);
    layout.addEntry(index);
    layout.addEntry(index);
    expect(await listed()).toEqual([inner.digest]);
  });

  it('passes over what is not in the layout, and no longer trusts one with altered content', async () => {
    const { digest } = referrer({ config: config(signatureArtifactType), layers });
    layout.addEntry({ mediaType: manifestTypes.image, digest: config('x').digest, size: 2 });
    expect(await listed()).toEqual([digest]);
    layout.write(`blobs/sha256/${digest.slice(7)}`, '{}');
    await expect(listed()).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('[REG-88] creates no file', async () => {
    referrer({ config: config(signatureArtifactType), layers });
    const before = layout.snapshot();
    await target.resolve('v1');
    await listed();
    expect(layout.snapshot()).toEqual(before);
    expect(readdirSync(layout.path).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });
});

describe('pushing', () => {
  it.each<[SignatureManifestForm, boolean]>([
    ['config-media-type', false],
    ['artifact-type', true],
  ])('adds blobs and an entry as Notation does (%s)', async (form, typed) => {
    layout.writeIndex(layout.entries(), { mediaType: manifestTypes.index, 'x-other': { b: 1, a: [1500] } });
    const before = layout.entries();
    const { descriptor, via } = await pushSignature(target, layout.image, 'one', form);
    expect(via).toBe('layout-index');
    expect(layout.entries()).toEqual([
      ...before,
      { ...descriptor, annotations, ...(typed ? { artifactType: signatureArtifactType } : {}) },
    ]);
    expect(layout.read('index.json')).toMatch(
      /^\{"schemaVersion":2,"mediaType":"[^"]+","x-other":\{"b":1,"a":\[1500\]\},"manifests":/,
    );
    expect(await listed()).toEqual([descriptor.digest]);
    expect(statSync(layout.blobFile(descriptor.digest)).mode & 0o777).toBe(0o444);
    expect(readdirSync(layout.path).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(readdirSync(join(layout.path, 'blobs/sha256')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('twice changes nothing', async () => {
    await pushSignature(target, layout.image, 'one', 'config-media-type');
    const before = layout.snapshot();
    await pushSignature(target, layout.image, 'one', 'config-media-type');
    expect(layout.snapshot()).toEqual(before);
  });

  it('repairs a blob that is broken', async () => {
    const bytes = Buffer.from('content');
    layout.write(`blobs/${digestOf(bytes).replace(':', '/')}`, 'broken!');
    await target.pushBlob('x', bytes);
    expect(layout.blob(digestOf(bytes))).toEqual(bytes);
  });

  it('[REG-89] of many at once keeps every entry', async () => {
    const writers = Array.from({ length: 12 }, (_, index) => String(index));
    const targets = [target, openOciLayout(layout.path), openOciLayout(layout.path)];
    const pushed = await Promise.all(
      writers.map((text, index) =>
        pushSignature(targets[index % 3] ?? target, layout.image, text, 'config-media-type'),
      ),
    );
    expect((await listed()).sort()).toEqual(pushed.map(({ descriptor }) => descriptor.digest).sort());
    expect(readdirSync(layout.path).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('[REG-89] that ended between blob and index leaves a layout that can be used', async () => {
    await target.pushBlob('application/cose', Buffer.from('an envelope without a manifest'));
    layout.write('blobs/sha256/abc.0.tmp', 'half');
    layout.write('index.json.0.tmp', 'half');
    expect(await target.resolve('v1')).toEqual(layout.image);
    const { descriptor } = await pushSignature(target, layout.image, 'one', 'config-media-type');
    expect(await listed()).toEqual([descriptor.digest]);
  });

  it('takes over a lock that nobody holds any more', async () => {
    const lock = join(layout.path, 'index.json.lock');
    writeFileSync(lock, '');
    const old = new Date(Date.now() - 61_000);
    utimesSync(lock, old, old);
    await pushSignature(target, layout.image, 'one', 'config-media-type');
    expect(readdirSync(layout.path)).not.toContain('index.json.lock');
  });

  it('waits for a lock, and gives up in the end', async () => {
    writeFileSync(join(layout.path, 'index.json.lock'), '');
    let now = 0;
    const sleep = (milliseconds: number) => {
      now += milliseconds;
      return Promise.resolve();
    };
    const waiting = openOciLayout(layout.path, { timing: { now: () => now, sleep, random: () => 0.5 } });
    await expect(pushSignature(waiting, layout.image, 'one', 'config-media-type')).rejects.toMatchObject({
      code: 'layout-unusable',
      hint: 'Remove the lock file when no process uses the layout.',
    });
  });

  it('into what is no layout creates nothing', async () => {
    const empty = join(layout.parent, 'empty');
    mkdirSync(empty);
    await expect(openOciLayout(empty).pushBlob('x', Buffer.from('x'))).rejects.toThrow('it has no file oci-layout');
    expect(readdirSync(empty)).toEqual([]);
  });
});

describe('tar archives', () => {
  function archive(bytes: Buffer): ArtifactTarget {
    const path = join(layout.parent, 'app.tar');
    writeFileSync(path, bytes);
    return openOciLayout(path);
  }

  it.each(['', './'])('are read, with names that begin with "%s"', async (prefix) => {
    const { descriptor } = await pushSignature(target, layout.image, 'one', 'artifact-type');
    const tar = archive(packLayout(layout, prefix));
    expect(await tar.resolve('v1')).toEqual(layout.image);
    expect(await listed(tar)).toEqual([descriptor.digest]);
    expect(await tar.fetchManifest(layout.image)).toEqual(layout.blob(layout.image.digest));
  });

  it('are signed by writing a new one in place of the old', async () => {
    const extra = tarEntry('manifest.json', '[]');
    const tar = archive(tarOf([extra, ...layoutEntries(layout, './')]));
    const first = await pushSignature(tar, layout.image, 'one', 'config-media-type');
    const second = await pushSignature(tar, layout.image, 'two', 'config-media-type');
    const reopened = openOciLayout(join(layout.parent, 'app.tar'));
    expect(await listed(reopened)).toEqual([first.descriptor.digest, second.descriptor.digest]);
    expect(await reopened.resolve('v1')).toEqual(layout.image);
    expect(readdirSync(layout.parent).sort()).toEqual(['app', 'app.tar']);
  });

  it('[REG-89] are signed by many at once', async () => {
    const tar = archive(packLayout(layout, ''));
    const other = openOciLayout(join(layout.parent, 'app.tar'));
    const pushed = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        pushSignature(index % 2 === 0 ? tar : other, layout.image, String(index), 'config-media-type'),
      ),
    );
    const reopened = openOciLayout(join(layout.parent, 'app.tar'));
    expect((await listed(reopened)).sort()).toEqual(pushed.map(({ descriptor }) => descriptor.digest).sort());
  });

  it.each<[string, () => Buffer, string]>([
    ['something else', () => Buffer.alloc(2048, 'x'), 'no tar archive either'],
    ['compressed', () => Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(1024)]), 'no tar archive either'],
    ['cut off', () => packLayout(layout, '').subarray(0, 700), 'the tar archive is cut off'],
    ['an empty one', () => Buffer.alloc(1024), 'it has no file oci-layout'],
    [
      'one with two indexes',
      () => tarOf([...layoutEntries(layout), tarEntry('index.json', '{}')]),
      'more than one index.json',
    ],
    [
      'one whose index is a link',
      () => tarOf([tarEntry('oci-layout', '{"imageLayoutVersion":"1.0.0"}'), tarEntry('index.json', '', '2')]),
      'index.json is not a regular file',
    ],
    ['one with a broken PAX header', () => tarOf([tarEntry('x', 'nonsense', 'x')]), 'a broken extended header'],
    [
      'one with an overlong PAX header',
      () => tarOf([tarEntry('x', 'x'.repeat(70_000), 'x')]),
      'an overlong extended header',
    ],
  ])('that are none are refused: %s', async (_, make, message) => {
    await expect(archive(make()).resolve('v1')).rejects.toMatchObject({
      code: 'layout-unusable',
      message: expect.stringContaining(message) as string,
    });
  });

  it('may have long names in PAX and GNU headers', async () => {
    const content = 'content';
    const digest = digestOf(Buffer.from(content), 'sha512');
    const name = `blobs/${digest.replace(':', '/')}`;
    const record = ` path=${name}\n`;
    const pax = `${record.length + 3}${record}`;
    for (const header of [tarEntry('pax', pax, 'x'), tarEntry('././@LongLink', `${name}\0`, 'L')]) {
      const tar = archive(tarOf([...layoutEntries(layout), header, tarEntry('short', content)]));
      expect(await tar.fetchBlob({ mediaType: 'x', digest, size: 7 })).toEqual(Buffer.from(content));
    }
  });
});
