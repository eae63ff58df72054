// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import type { RegistryUser } from '../fakes/registry/options.ts';
import { computeDigest } from '../fakes/registry/storage.ts';
import { buildPush } from '../support/docker-actions.ts';
import { writeCredentialHelper } from '../support/credential-helper.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, StepResult } from '../support/github-runner.ts';
import { createSigner, keyInputs, writeTrust } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';
import type { PushedImage } from '../support/push-image.ts';

const { root, signer } = createSigner();
const indexType = 'application/vnd.oci.image.index.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const alice: RegistryUser = { name: 'alice', password: 'pass-word-1', identityToken: 'identity-token-of-alice' };

let registry: EmbeddedRegistry;
let job: GitHubJob;
let count = 0;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  registry.options.faults = [];
  await job.dispose();
});

function push(repository: string, tag = 'v1'): Promise<PushedImage> {
  return pushImage(registry.host, repository, { content: `content ${count++}`, tag });
}

function sign(inputs: Record<string, string>, env: Record<string, string> = {}): Promise<StepResult> {
  return job.step({ action: 'actions/sign', with: { ...keyInputs(signer), ...inputs }, env });
}

async function verify(reference: string, env: Record<string, string> = {}): Promise<StepResult> {
  await writeTrust(job, [root]);
  return job.step({ action: 'actions/verify', with: { target_artifact_reference: reference }, env });
}

interface Listing {
  readonly manifests: readonly { readonly digest: string }[];
}

/** The digests that the referrers tag of an artifact lists. */
function listed(repository: string, digest: string): string[] {
  const stored = registry.storage.repository(repository);
  const index = stored.manifests.get(stored.tag(digest.replace(':', '-')) ?? '');
  if (index === undefined) return [];
  return (JSON.parse(index.bytes.toString()) as Listing).manifests.map((entry) => entry.digest);
}

describe('where a signature is listed', () => {
  it.each<[string, Partial<EmbeddedRegistry['options']>, 'api' | 'tag']>([
    ['a registry with the Referrers API', {}, 'api'],
    ['a registry without it', { referrersApi: false }, 'tag'],
    ['a registry that announces it and does not have it', { referrersApi: false, subjectHeader: true }, 'tag'],
    [
      'a registry that answers with a page for people',
      { referrersAnswer: { status: 200, contentType: 'text/html', body: '<html>hello</html>' } },
      'tag',
    ],
  ])('[GH-76] is found again in %s', async (_, options, place) => {
    const elsewhere = await startRegistry(options);
    try {
      const image = await pushImage(elsewhere.host, 'listed/app');
      const signed = await sign({ target_artifact_reference: image.reference, force_referrers_tag: 'false' });
      expect(signed).toMatchObject({ exitCode: 0, errors: [] });
      const tags = elsewhere.storage.repository('listed/app').tags();
      expect(tags.includes(image.index.digest.replace(':', '-'))).toBe(place === 'tag');
      expect(await verify(image.reference)).toMatchObject({ exitCode: 0, outputs: { verified: 'true' } });
    } finally {
      await elsewhere.close();
    }
  });

  it('[GH-77] keeps the entry that another writer adds between our read and our write', async () => {
    const image = await push('race/app');
    const stored = registry.storage.repository('race/app');
    const tag = image.index.digest.replace(':', '-');
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, layers: [] }));
    const entry = { mediaType: manifestType, digest: computeDigest(bytes), size: bytes.length };
    stored.manifests.set(entry.digest, { mediaType: manifestType, bytes });
    const writeTheirs = (): void => {
      const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [entry] }));
      stored.manifests.set(computeDigest(index), { mediaType: indexType, bytes: index });
      stored.setTag(tag, computeDigest(index));
    };
    registry.options.faults = [
      {
        method: 'GET',
        path: new RegExp(`/race/app/manifests/${tag}`),
        times: 1,
        fault: {
          kind: 'change',
          change: (body) => {
            writeTheirs();
            return body;
          },
        },
      },
    ];
    const result = await sign({ target_artifact_reference: image.reference });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(listed('race/app', image.index.digest).sort()).toEqual(
      [entry.digest, result.outputs['signature_digest']].sort(),
    );
  });

  it('[GH-78] is confirmed although the registry shows old content for a while', async () => {
    const slow = await startRegistry({ referrersApi: false, staleTagReads: 700 });
    try {
      const image = await pushImage(slow.host, 'stale/app');
      const signed = await sign({ target_artifact_reference: image.reference });
      expect(signed).toMatchObject({ exitCode: 0, errors: [] });
      const reads = slow.lines().filter((line) => line.endsWith(image.index.digest.replace(':', '-')));
      expect(reads.filter((line) => line.startsWith('GET')).length).toBeGreaterThan(2);
      expect(await verify(image.reference)).toMatchObject({ exitCode: 0 });
    } finally {
      await slow.close();
    }
  });

  it('[GH-80] signing again adds a second signature, and both verify', async () => {
    const image = await push('again/app');
    const first = await sign({ target_artifact_reference: image.reference });
    const second = await sign({ target_artifact_reference: image.reference });
    expect(second).toMatchObject({ exitCode: 0, errors: [] });
    const digests = [first, second].map(({ outputs }) => outputs['signature_digest']);
    expect(new Set(digests).size).toBe(2);
    expect(listed('again/app', image.index.digest).sort()).toEqual(digests.sort());
    const seen = await job.step({ action: 'actions/inspect', with: { target_artifact_reference: image.reference } });
    for (const digest of digests) expect(seen.outputs['inspection']).toContain(digest);
    expect(await verify(image.reference)).toMatchObject({ exitCode: 0, outputs: { verified: 'true' } });
  });
});

describe('several artifacts', () => {
  it('[GH-79] signs two of three, reports them, and explains the third', async () => {
    const [first, second] = [await push('partly/first'), await push('partly/second')];
    const missing = `${registry.host}/partly/missing@sha256:${'e'.repeat(64)}`;
    const result = await sign({
      target_artifact_reference: [first.reference, missing, second.reference].join('\n'),
    });
    expect(result.exitCode).toBe(1);
    expect(result.errors).toEqual([expect.stringContaining('1 of 3 artifacts were not signed')]);
    expect(result.errors[0]).toContain(missing);
    expect(result.outputs['references']).toBe(`${first.reference}\n${second.reference}`);
    expect(JSON.parse(result.outputs['signatures'] ?? '')).toHaveLength(2);
    expect(result.summary).toContain('Signed 2 of 3 artifacts');
    for (const repository of ['partly/first', 'partly/missing', 'partly/second']) {
      expect(result.summary).toContain(repository);
    }
  });
});

describe('answers of a registry', () => {
  const denied = { kind: 'status', body: '{"errors":[{"code":"DENIED","message":"no way"}]}' } as const;
  const json = { 'content-type': 'application/json' };

  it.each([
    [401, 'asks for a login without saying how', 'Check that the host of the reference is a registry'],
    [403, 'answered 403: DENIED no way', 'lacks the right to do this in broken/app'],
    [404, 'not found: DENIED', 'was pushed to broken/app'],
  ])('[GH-66] %i is told as what it is, and not repeated', async (status, message, hint) => {
    const image = await push('broken/app');
    registry.options.faults = [{ path: /broken\/app\/manifests/, fault: { ...denied, status, headers: json } }];
    registry.requests.length = 0;
    const { exitCode, errors } = await sign({ target_artifact_reference: image.reference });
    expect(exitCode).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(message);
    expect(errors[0]).toContain(hint);
    expect(errors[0]).toContain(`${registry.host}/broken/app`);
    expect(registry.requests).toHaveLength(1);
  });

  it.each([
    [429, { 'retry-after': '1' }],
    [500, {}],
    [503, {}],
  ])('[GH-66] after %i the request is repeated, and the signature is made', async (status, headers) => {
    const image = await push('flaky/app');
    const fault = { kind: 'status', status, headers } as const;
    registry.options.faults = [{ path: /flaky\/app\/manifests\/sha256:/, times: 2, fault }];
    registry.requests.length = 0;
    const result = await sign({ target_artifact_reference: image.reference });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(registry.requests.filter((request) => request.status === status)).toHaveLength(2);
  });

  it('[GH-67] other bytes than the digest names are fatal, and nothing is signed', async () => {
    const image = await push('altered/app');
    const path = /altered\/app\/manifests/;
    registry.options.faults = [{ path, fault: { kind: 'change', change: (body) => Buffer.concat([body, body]) } }];
    const result = await sign({ target_artifact_reference: image.reference });
    expect(result.exitCode).toBe(1);
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]).toContain(image.index.digest);
    expect(listed('altered/app', image.index.digest)).toEqual([]);
  });

  it('[GH-68] a tag that moved since the push is told; what was pushed is signed', async () => {
    const image = await push('moved/app');
    await job.writeStepFiles(
      buildPush({ digest: image.index.digest, names: `${registry.host}/moved/app:v1`, inputs: { push: true } }),
    );
    const newer = await push('moved/app');
    const result = await sign({});
    expect(result).toMatchObject({ exitCode: 0, errors: [], outputs: { references: image.reference } });
    expect(result.warnings).toEqual([expect.stringContaining(`/moved/app:v1 now points at ${newer.index.digest}`)]);
    expect(listed('moved/app', newer.index.digest)).toEqual([]);
  });
});

describe('credentials', () => {
  let locked: EmbeddedRegistry;
  let reference = '';
  let config = '';
  const basic = (pair: string): string => Buffer.from(pair).toString('base64');
  beforeAll(async () => {
    locked = await startRegistry({ auth: { kind: 'bearer', users: [alice] } });
    locked.options.auth = { kind: 'none' };
    reference = (await pushImage(locked.host, 'team/app')).reference;
  });
  afterAll(() => locked.close());
  beforeEach(() => {
    locked.options.auth = { kind: 'bearer', users: [alice] };
    config = join(job.home, 'docker');
    mkdirSync(config, { recursive: true });
  });

  function write(document: object, folder = config, name = 'config.json'): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), JSON.stringify(document));
  }

  it('[GH-32] NOTATION_USERNAME and NOTATION_PASSWORD go before the docker configuration; localhost is plain HTTP', async () => {
    locked.options.auth = { kind: 'basic', users: [alice] };
    write({ auths: { [locked.host]: { auth: basic('alice:wrong') } } });
    const refused = await sign({ target_artifact_reference: reference }, { DOCKER_CONFIG: config });
    expect(refused.exitCode).toBe(1);
    const env = { DOCKER_CONFIG: config, NOTATION_USERNAME: 'alice', NOTATION_PASSWORD: 'pass-word-1' };
    const result = await sign({ target_artifact_reference: reference }, env);
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(result.log).not.toContain('pass-word-1');
  });

  it.each<[string, () => Record<string, string>]>([
    [
      'auths in DOCKER_CONFIG',
      () => {
        write({ auths: { [locked.host]: { auth: basic('alice:pass-word-1') } } });
        return { DOCKER_CONFIG: config };
      },
    ],
    [
      'auths in the home folder',
      () => {
        write(
          { auths: { [`https://${locked.host}`]: { auth: basic('alice:pass-word-1') } } },
          join(job.home, '.docker'),
        );
        return {};
      },
    ],
    [
      'identitytoken',
      () => {
        const identitytoken = alice.identityToken;
        write({ auths: { [locked.host]: { auth: basic('00000000-0000-0000-0000-000000000000:'), identitytoken } } });
        return { DOCKER_CONFIG: config };
      },
    ],
    [
      'credHelpers',
      () => {
        const PATH = writeCredentialHelper(join(job.home, 'bin'), 'test', { [locked.host]: alice });
        write({ credHelpers: { [locked.host]: 'test' } });
        return { DOCKER_CONFIG: config, PATH };
      },
    ],
    [
      'credsStore',
      () => {
        const PATH = writeCredentialHelper(join(job.home, 'bin'), 'store', { [locked.host]: alice });
        write({ credsStore: 'store' });
        return { DOCKER_CONFIG: config, PATH };
      },
    ],
    [
      "podman's file",
      () => {
        const XDG_RUNTIME_DIR = join(job.home, 'run');
        const document = { auths: { [locked.host]: { auth: basic('alice:pass-word-1') } } };
        write(document, join(XDG_RUNTIME_DIR, 'containers'), 'auth.json');
        return { XDG_RUNTIME_DIR };
      },
    ],
  ])('[GH-81] come from %s', async (_, prepare) => {
    const result = await sign({ target_artifact_reference: reference }, prepare());
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(result.log).not.toMatch(/pass-word-1|identity-token-of-alice/);
  });

  it('[GH-81] none: the error says where it looked, and what to do', async () => {
    const { errors, exitCode } = await sign({ target_artifact_reference: reference }, { DOCKER_CONFIG: config });
    expect(exitCode).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`${locked.host} asks for a login and no credentials were found`);
    expect(errors[0]).toContain('docker login');
    expect(errors[0]).toContain(join(config, 'config.json'));
  });

  it('[GH-81] a helper that is not on the PATH is named', async () => {
    write({ credHelpers: { [locked.host]: 'nowhere' } });
    const { errors } = await sign({ target_artifact_reference: reference }, { DOCKER_CONFIG: config });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('docker-credential-nowhere');
  });
});
