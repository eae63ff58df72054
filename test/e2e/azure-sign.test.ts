// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { startTimestampAuthority } from '../fakes/timestamp-authority.ts';
import type { TimestampAuthority } from '../fakes/timestamp-authority.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { packagedTask } from '../support/azure-agent.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { pushImage } from '../support/push-image.ts';
import type { PushedImage } from '../support/push-image.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();
const connection = {
  ...{ id: '33333333-3333-4333-8333-333333333333', name: 'my-subscription', scheme: 'ServicePrincipal' },
  url: 'https://management.azure.com/',
  parameters: { tenantid: 'tenant', serviceprincipalid: 'client', serviceprincipalkey: 'principal-secret-1' },
};

let registry: EmbeddedRegistry;
let tsa: TimestampAuthority;
let scene: AzureScene;
let count = 0;
beforeAll(async () => {
  registry = await startRegistry();
  tsa = await startTimestampAuthority();
});
afterAll(async () => {
  await registry.close();
  await tsa.close();
});
beforeEach(() => {
  scene = new AzureScene({ authority, signer, endpoints: [connection] });
  scene.write('tsa-root.crt', tsaAuthority.root.pem);
  registry.requests.length = 0;
});
afterEach(() => {
  registry.options.faults = [];
  scene.dispose();
});

async function push(repository = 'team/app'): Promise<PushedImage> {
  const image = await pushImage(registry.host, repository, { content: `content ${count++}` });
  registry.requests.length = 0;
  return image;
}

/** The signatures that the referrers tag of an artifact lists. */
function listed(repository: string, digest: string): number {
  const stored = registry.storage.repository(repository);
  const index = stored.manifests.get(stored.tag(digest.replace(':', '-')) ?? '');
  return (JSON.parse(index?.bytes.toString() ?? '{"manifests":[]}') as { manifests: unknown[] }).manifests.length;
}

describe('wrong inputs fail before anything is sent', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      '[ADO-65] another signatureFormat',
      { signatureFormat: 'pgp' },
      /signatureFormat must be one of cose, jws. Got 'pgp'/,
    ],
    [
      '[ADO-68] timestampURL alone',
      { timestampURL: 'http://localhost:1/' },
      /timestampURL is set, missing input timestampRootCert/,
    ],
    [
      '[ADO-68] timestampRootCert alone',
      { timestampRootCert: 'tsa-root.crt' },
      /timestampRootCert is set, missing input timestampURL/,
    ],
  ])('%s', async (_, inputs, message) => {
    const { reference } = await push();
    const result = await scene.sign({ artifactRefs: reference, ...inputs });
    expect(result).toMatchObject({ result: 'Failed', exitCode: 0, errors: [expect.stringMatching(message)] });
    expect(registry.requests).toEqual([]);
  });

  it('[ADO-66] selfSigned together with caCertBundle', async () => {
    const { reference } = await push();
    scene.write('bundle.pem', authority.root.pem);
    const result = await scene.job.run({
      task: packagedTask,
      inputs: {
        ...{ command: 'sign', artifactRefs: reference, azurekvServiceConection: 'my-subscription' },
        ...{ keyid: 'https://contoso.vault.azure.net/keys/a/b', selfSigned: 'true', caCertBundle: 'bundle.pem' },
      },
    });
    expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]).toContain('Self-signed certificate is specified');
    expect(result.errors[0]).toContain('Remove selfSigned or caCertBundle.');
    expect(registry.requests).toEqual([]);
  });
});

describe('timestamps', () => {
  it('[ADO-68] are embedded and checked with both inputs', async () => {
    const { reference } = await push();
    const result = await scene.sign({
      artifactRefs: reference,
      timestampURL: tsa.url,
      timestampRootCert: 'tsa-root.crt',
    });
    expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(scene.job.variable('sign.signatures')).toContain('"timestamped":true');
    expect(tsa.exchanges).toHaveLength(1);
    scene.write('.pipeline/truststore/x509/ca/strangers/root.crt', authority.root.pem);
    const other = await scene.sign(
      {
        artifactRefs: reference,
        timestampURL: tsa.url,
        timestampRootCert: '.pipeline/truststore/x509/ca/strangers/root.crt',
      },
      'wrong',
    );
    expect(other.result).toBe('Failed');
    expect(other.errors[0]).toContain('timestamp');
  });
});

describe('where signatures are listed', () => {
  it('[ADO-69] allowReferrersAPI: true uses the Referrers API alone, without it the tag', async () => {
    const byApi = await push();
    await scene.sign({ artifactRefs: byApi.reference, allowReferrersAPI: 'true' }, 'api');
    expect(listed('team/app', byApi.index.digest)).toBe(0);
    const byTag = await push();
    await scene.sign({ artifactRefs: byTag.reference, allowReferrersAPI: 'false' }, 'tag');
    expect(listed('team/app', byTag.index.digest)).toBe(1);
    for (const { reference } of [byApi, byTag]) {
      expect((await scene.verify({ artifactRefs: reference })).result).toBe('Succeeded');
    }
  });

  it('[ADO-69] [ADO-74] signing again adds to the index, and loses nothing of it', async () => {
    const { reference, index } = await push();
    for (const name of ['first', 'second']) {
      const result = await scene.sign({ artifactRefs: reference, allowReferrersAPI: 'false' }, name);
      expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
    }
    expect(listed('team/app', index.digest)).toBe(2);
    expect((await scene.verify({ artifactRefs: reference })).result).toBe('Succeeded');
  });

  it('[ADO-74] a step that is run again after a failure lists what the first attempt stored, and everything verifies', async () => {
    const { reference, index } = await push();
    const tag = index.digest.replace(':', '-');
    const fault = { kind: 'status', status: 403 } as const;
    registry.options.faults = [{ method: 'PUT', path: new RegExp(tag), fault }];
    const inputs = { artifactRefs: reference, allowReferrersAPI: 'false' };
    expect((await scene.sign(inputs)).result).toBe('Failed');
    expect(listed('team/app', index.digest)).toBe(0);
    registry.options.faults = [];
    // As retryCountOnTaskFailure does: the same inputs, folder and name.
    expect(await scene.sign(inputs)).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(listed('team/app', index.digest)).toBe(2);
    const stored = registry.lines().filter((line) => line.startsWith('PUT') && line.includes('/manifests/sha256:'));
    expect(stored).toHaveLength(2);
    expect((await scene.verify({ artifactRefs: reference })).result).toBe('Succeeded');
  });
});

describe('several artifacts', () => {
  it('[ADO-73] are told in the order of the input, whichever is ready first', async () => {
    const images = [await push('order/a'), await push('order/b'), await push('order/c')];
    const delay = (time: number) => ({ kind: 'delay', before: time }) as const;
    registry.options.faults = [
      { method: 'GET', path: /order\/a\/manifests/, fault: delay(400) },
      { method: 'GET', path: /order\/b\/manifests/, fault: delay(200) },
    ];
    const references = images.map(({ reference }) => reference);
    const result = await scene.sign({ artifactRefs: references.join(',') });
    expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(scene.signed()).toEqual(references);
    const lines = result.log.filter((line) => references.some((each) => line.includes(each)));
    const places = references.map((each) => lines.findIndex((line) => line.includes(each)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const firstDone = registry.requests.find(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
    expect(firstDone?.path).toContain('order/c');
  });
});
