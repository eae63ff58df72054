// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pushImage } from '../support/push-image.ts';
import { startRegistry, type EmbeddedRegistry } from './registry.ts';

let registry: EmbeddedRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(async () => {
  await registry.close();
});

function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Response> {
  return fetch(new URL(path, `http://${registry.host}/v2/a/b/`), { method, ...options });
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

describe('the embedded registry', () => {
  it('takes a blob in chunks, and refuses one out of order', async () => {
    const opened = await send('POST', 'blobs/uploads/');
    expect(opened.status).toBe(202);
    const location = opened.headers.get('location') ?? '';
    const type = { 'content-type': 'application/octet-stream' };
    expect((await send('PATCH', location, { headers: { ...type, 'content-range': '0-2' }, body: 'abc' })).status).toBe(
      202,
    );
    expect((await send('PATCH', location, { headers: { ...type, 'content-range': '7-9' }, body: 'xyz' })).status).toBe(
      416,
    );
    expect((await send('GET', location)).headers.get('range')).toBe('0-2');
    const closing = `${location}&digest=${digest('abcdef')}`;
    expect((await send('PUT', closing, { headers: { ...type, 'content-range': '3-5' }, body: 'def' })).status).toBe(
      201,
    );
    const ranged = await send('GET', `blobs/${digest('abcdef')}`, { headers: { range: 'bytes=1-2' } });
    expect([ranged.status, await ranged.text()]).toEqual([206, 'bc']);
  });

  it('takes a blob at once, mounts it elsewhere, and deletes it', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await send('POST', `blobs/uploads/?digest=${digest('x')}`, { headers, body: 'x' })).status).toBe(201);
    expect((await send('POST', `/v2/c/blobs/uploads/?mount=${digest('x')}&from=a/b`)).status).toBe(201);
    expect((await send('POST', `/v2/c/blobs/uploads/?mount=${digest('y')}&from=a/b`)).status).toBe(202);
    expect((await send('DELETE', `blobs/${digest('x')}`)).status).toBe(202);
    expect((await send('HEAD', `blobs/${digest('x')}`)).status).toBe(404);
    expect((await send('HEAD', `/v2/c/blobs/${digest('x')}`)).status).toBe(200);
  });

  it('refuses content that has not the digest, and manifests that name what is missing', async () => {
    const opened = await send('POST', 'blobs/uploads/');
    const wrong = await send('PUT', `${opened.headers.get('location') ?? ''}&digest=${digest('y')}`, { body: 'x' });
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('DIGEST_INVALID')]);
    const manifest = JSON.stringify({ schemaVersion: 2, layers: [{ digest: digest('none') }] });
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
    const dangling = await send('PUT', 'manifests/v1', { headers, body: manifest });
    expect([dangling.status, await dangling.text()]).toEqual([400, expect.stringContaining('MANIFEST_BLOB_UNKNOWN')]);
  });

  it('pages the tags', async () => {
    for (const tag of ['c', 'a', 'b']) await pushImage(registry.host, 'a/b', { tag });
    const first = await send('GET', 'tags/list?n=2');
    expect(await first.json()).toEqual({ name: 'a/b', tags: ['a', 'b'] });
    expect(first.headers.get('link')).toBe('</v2/a/b/tags/list?n=2&last=b>; rel="next"');
    expect(await (await send('GET', 'tags/list?n=2&last=b')).json()).toEqual({ name: 'a/b', tags: ['c'] });
  });

  it('shows what a tag held before, when told to be stale', async () => {
    await pushImage(registry.host, 'a/b', { content: 'old' });
    registry.options.staleTagReads = 60_000;
    expect((await send('GET', 'manifests/v1')).status).toBe(404);
    registry.options.staleTagReads = 0;
    expect((await send('GET', 'manifests/v1')).status).toBe(200);
  });

  it('holds an image with attestations as BuildKit makes it', async () => {
    const image = await pushImage(registry.host, 'a/b', {
      attestations: true,
      platforms: ['linux/amd64', 'windows/amd64'],
    });
    expect(image.platforms.map(({ platform }) => platform)).toEqual(['linux/amd64', 'windows/amd64']);
    expect(image.attestations).toHaveLength(2);
    const index = (await (await send('GET', `manifests/${image.index.digest}`)).json()) as { manifests: unknown[] };
    expect(index.manifests).toHaveLength(4);
  });
});
