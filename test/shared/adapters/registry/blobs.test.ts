// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClient, HttpRequest } from '../../../../shared/adapters/http.ts';
import { Authorization } from '../../../../shared/adapters/registry/authorization.ts';
import { createBlobs } from '../../../../shared/adapters/registry/blobs.ts';
import { endpointOf } from '../../../../shared/adapters/registry/endpoint.ts';
import { Throttle } from '../../../../shared/adapters/registry/throttle.ts';
import { createTransport } from '../../../../shared/adapters/registry/transport.ts';
import { Slots } from '../../../../shared/adapters/slots.ts';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { startRegistry, type EmbeddedRegistry } from '../../../fakes/registry.ts';
import type { Fault } from '../../../fakes/registry/options.ts';
import { virtualTiming } from '../../../fakes/timing.ts';
import { quietLog } from '../../../fakes/verification.ts';
import { errorOf, testClient, type TestClient } from '../../../support/registry-client.ts';

let registry: EmbeddedRegistry;
let client: TestClient;
beforeEach(async () => {
  registry = await startRegistry();
  client = testClient();
});
afterEach(async () => {
  await client.close();
  await registry.close();
});

const bytes = Buffer.from('an envelope');
const digest = digestOf(bytes);
const descriptor = { mediaType: 'application/cose', digest, size: bytes.length };

function repository() {
  return client.repository(registry.host, 'team/app');
}

function fault(method: string, struck: Fault, times?: number, path = /blobs/): void {
  registry.options.faults.push({ method, path, fault: struck, ...(times === undefined ? {} : { times }) });
}

function methods(): string {
  return registry.requests.map(({ method }) => method).join(' ');
}

function stored(): string | undefined {
  return registry.storage.find('team/app')?.blobs.get(digest)?.toString();
}

describe('pushBlob', () => {
  it.each(['relative', 'absolute'] as const)(
    '[REG-18] uploads to a %s Location and keeps its query',
    async (locationStyle) => {
      registry.options.locationStyle = locationStyle;
      expect(await repository().pushBlob('application/cose', bytes)).toEqual(descriptor);
      expect(stored()).toBe('an envelope');
      const put = registry.requests.find(({ method }) => method === 'PUT');
      expect(put?.path).toMatch(new RegExp(`uploads/[0-9a-f-]+\\?_state=0&digest=${encodeURIComponent(digest)}$`));
      expect(put?.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '11' });
    },
  );

  it('[REG-21] does not upload what is there', async () => {
    await repository().pushBlob('application/cose', bytes);
    registry.requests.length = 0;
    const again = testClient();
    await again.repository(registry.host, 'team/app').pushBlob('application/cose', bytes);
    await again.close();
    expect(registry.lines()).toEqual([`HEAD /v2/team/app/blobs/${digest}`]);
  });

  it('pushes the same blob once, however many ask for it', async () => {
    await Promise.all(Array.from({ length: 10 }, () => repository().pushBlob('application/cose', bytes)));
    expect(methods()).toBe('HEAD POST PUT');
  });

  it('uploads without looking when the registry does not answer HEAD', async () => {
    fault('HEAD', { kind: 'status', status: 405 });
    await repository().pushBlob('application/cose', bytes);
    expect(stored()).toBe('an envelope');
  });

  it('[REG-19] takes a Location without :443 for the registry that was addressed with it', async () => {
    const sent: HttpRequest[] = [];
    const statuses = [404, 202, 201];
    const http: HttpClient = {
      close: () => Promise.resolve(),
      exchange: (request) => {
        sent.push(request);
        const headers = { location: 'https://registry.example/v2/team/app/blobs/uploads/1?_state=x' };
        return Promise.resolve({ status: statuses.shift() ?? 500, headers, body: new Uint8Array(), url: request.url });
      },
    };
    const shared = { http, timing: virtualTiming(), log: quietLog, registry: 'registry.example:443' };
    const place = { endpoint: endpointOf('registry.example:443', []), repository: 'team/app' };
    const authorization = new Authorization({
      ...{ ...shared, ...place, mask: () => undefined, trustedRealmHosts: [] },
      credentials: { find: () => Promise.reject(new Error('not asked for')) },
    });
    authorization.current = () => Promise.resolve('Bearer token');
    const throttle = new Throttle(shared.timing);
    const transport = createTransport({ ...shared, ...place, authorization, throttle });
    const copying = { ...shared, ...place, slots: new Slots(1), transportFrom: () => transport };
    await createBlobs(transport, shared.timing, 'pull,push', copying).push('application/cose', bytes);
    expect(sent.map(({ method, url }) => `${method} ${url.origin}`)).toEqual([
      'HEAD https://registry.example',
      'POST https://registry.example',
      'PUT https://registry.example',
    ]);
    expect(sent.at(-1)).toMatchObject({ authorization: 'Bearer token' });
    expect(sent.at(-1)?.url.search).toBe(`?_state=x&digest=${encodeURIComponent(digest)}`);
  });

  it('[REG-20] opens an upload without a body, and sends the blob where 202 says', async () => {
    await repository().pushBlob('application/cose', bytes);
    const [, post, put] = registry.requests;
    expect(post).toMatchObject({ method: 'POST', path: '/v2/team/app/blobs/uploads/', status: 202 });
    expect(post?.body).toHaveLength(0);
    expect(put).toMatchObject({ method: 'PUT', status: 201 });
    expect(put?.body.toString()).toBe('an envelope');
  });

  it('[REG-87] cancels the upload that is under way, and ends', async () => {
    const controller = new AbortController();
    const cancelled = testClient({ signal: controller.signal });
    fault('PUT', { kind: 'delay', before: 3_600_000 });
    const push = errorOf(cancelled.repository(registry.host, 'team/app').pushBlob('application/cose', bytes));
    while (!methods().endsWith('PUT')) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    expect((await push).code).toBe('cancelled');
    expect(methods()).toBe('HEAD POST PUT DELETE');
    expect(registry.requests.at(-1)?.status).toBe(204);
    expect((await errorOf(cancelled.repository(registry.host, 'team/app').resolve('v1'))).code).toBe('cancelled');
    await cancelled.close();
  });

  it('[REG-22] begins anew when the upload is lost', async () => {
    fault('PUT', { kind: 'status', status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' }, 1);
    await repository().pushBlob('application/cose', bytes);
    expect(methods()).toBe('HEAD POST PUT HEAD POST PUT');
  });

  it('[REG-86] looks before it sends again when the outcome of an upload is unknown', async () => {
    fault('PUT', { kind: 'reset', when: 'after' }, 1);
    await repository().pushBlob('application/cose', bytes);
    expect(methods()).toBe('HEAD POST PUT HEAD');
    expect(stored()).toBe('an envelope');
  });

  it('gives up after thirteen lost uploads with the last reason', async () => {
    fault('PUT', { kind: 'status', status: 500 });
    const error = await errorOf(repository().pushBlob('application/cose', bytes));
    expect(error.code).toBe('registry-response');
    expect(error.message).toContain('answered 500');
    expect(registry.requests.filter(({ method }) => method === 'PUT')).toHaveLength(13);
  });

  it('[REG-28] says that a registry is read-only', async () => {
    registry.options.readOnly = true;
    const error = await errorOf(repository().pushBlob('application/cose', bytes));
    expect(error).toMatchObject({
      code: 'registry-response',
      hint: `${registry.host} does not allow this: it may be read-only.`,
    });
  });

  it('says that the repository must be created first', async () => {
    fault('POST', {
      kind: 'status',
      status: 404,
      body: '{"errors":[{"code":"NAME_UNKNOWN","message":"no repository"}]}',
    });
    expect((await errorOf(repository().pushBlob('application/cose', bytes))).hint).toContain('create it first');
  });

  it.each([
    ['another port over plain HTTP', 'http://localhost:1/upload'],
    ['another host over plain HTTP', 'http://127.0.0.1:1/upload'],
    ['a URL with user info', 'https://user:pw@example.com/upload'],
    ['no URL', 'http://['],
  ])('[SEC-24] [REG-23] refuses a Location with %s', async (_, location) => {
    fault('POST', { kind: 'headers', headers: { location } });
    const error = await errorOf(repository().pushBlob('application/cose', bytes));
    expect(error.code).toBe('registry-response');
    expect(registry.requests.map(({ method }) => method)).not.toContain('PUT');
  });
});

describe('fetchBlob', () => {
  beforeEach(async () => {
    await repository().pushBlob('application/cose', bytes);
    registry.requests.length = 0;
  });

  it('gives exactly the bytes of the descriptor', async () => {
    expect(Buffer.from(await repository().fetchBlob(descriptor)).toString()).toBe('an envelope');
  });

  it.each<[string, Fault]>([
    ['altered', { kind: 'change', change: () => Buffer.from('an envelopf') }],
    ['short', { kind: 'change', change: (body) => body.subarray(1) }],
  ])('[REG-79] [SEC-9] refuses %s content, after asking once more', async (_, struck) => {
    fault('GET', struck);
    expect((await errorOf(repository().fetchBlob(descriptor))).code).toBe('digest-mismatch');
    expect(registry.requests).toHaveLength(2);
  });

  it('[SEC-26] refuses more than was declared', async () => {
    fault('GET', { kind: 'change', change: () => Buffer.alloc(1_000_000) });
    expect((await errorOf(repository().fetchBlob(descriptor))).code).toBe('registry-limit');
  });

  it('[SEC-26] [REG-77] refuses a declared size over 32 MiB without asking', async () => {
    expect((await errorOf(repository().fetchBlob({ ...descriptor, size: 32 * 1024 * 1024 + 1 }))).code).toBe(
      'registry-limit',
    );
    expect(registry.requests).toEqual([]);
  });

  it('[REG-79] repeats after a truncated body', async () => {
    fault('GET', { kind: 'truncate' }, 1);
    expect(await repository().fetchBlob(descriptor)).toHaveLength(11);
  });

  it('[REG-24] [SEC-25] follows a redirect to another port without credentials', async () => {
    const storage = await startRegistry();
    storage.storage.repository('team/app').blobs.set(digest, bytes);
    registry.options.auth = { kind: 'basic', users: [{ name: 'u', password: 'p' }] };
    const location = `http://${storage.host}/v2/team/app/blobs/${digest}`;
    fault('GET', { kind: 'status', status: 307, headers: { location } });
    const own = testClient({ environment: { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' } });
    expect(await own.repository(registry.host, 'team/app').fetchBlob(descriptor)).toHaveLength(11);
    expect(storage.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
    await own.close();
    await storage.close();
  });

  it('[SEC-25] does not answer a login of the host that a redirect leads to', async () => {
    const storage = await startRegistry({ auth: { kind: 'basic', users: [] } });
    fault('GET', {
      kind: 'status',
      status: 307,
      headers: { location: `http://${storage.host}/v2/team/app/blobs/${digest}` },
    });
    const own = testClient({ environment: { NOTATION_USERNAME: 'u', NOTATION_PASSWORD: 'p' } });
    const error = await errorOf(own.repository(registry.host, 'team/app').fetchBlob(descriptor));
    expect(error.code).toBe('registry-response');
    expect(storage.requests).toHaveLength(1);
    await own.close();
    await storage.close();
  });

  it.each([400, 401, 403, 404, 429, 500, 503])('[SEC-15] throws on %i', async (status) => {
    fault('GET', { kind: 'status', status });
    expect((await errorOf(repository().fetchBlob(descriptor))).code).toMatch(/^(?:registry|artifact)-/);
  });
});
