// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { digestOf, fetchManifest, pushImage, pushManifest, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { copyWithUs, inspectWithUs, reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { registryKinds, startDockerRegistry, startRegistry, type RunningRegistry } from './support/registries.ts';
import { runProgram } from './support/run-program.ts';
import { startTokenServer } from './support/token-server.ts';

const key = signingKey('p256');
const sbomType = 'application/spdx+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

let notation: Notation;
let home: string;
beforeAll(() => {
  notation = createNotation();
  home = mkdtempSync(join(tmpdir(), 'oras-'));
  writeFileSync(join(home, 'sbom.json'), '{"spdxVersion":"SPDX-2.3"}');
});
afterAll(() => {
  notation.remove();
  rmSync(home, { recursive: true });
});

async function oras(...args: readonly string[]): Promise<string> {
  const { program } = readPeers().oras;
  const { status, stdout, stderr } = await runProgram(program, args, {
    environment: { HOME: home },
    directory: home,
  });
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
  return stdout;
}

/** An index of two images, signed by us and by Notation, with an SBOM of ORAS that Notation signed. */
async function release(host: string, repository: string): Promise<{ image: PushedImage; sbom: string }> {
  const platforms = [await pushImage(host, repository), await pushImage(host, repository)];
  const manifests = platforms.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
  const digest = await pushManifest(`http://${host}/v2/${repository}`, digestOf(bytes), indexType, bytes);
  const image: PushedImage = {
    ...{ registry: host, repository, digest, mediaType: indexType, size: bytes.length },
    reference: `${host}/${repository}@${digest}`,
  };
  await signWithUs(image, { key, format: 'cose', mode: 'api-first' });
  await notation.succeed('sign', image.reference, '--key', 'rsa2048', '--force-referrers-tag=false');
  const attach = ['attach', '--plain-http', '--artifact-type', sbomType, '--format', 'json'];
  const attached = JSON.parse(await oras(...attach, image.reference, 'sbom.json')) as { digest: string };
  const sbom = attached.digest;
  await notation.succeed('sign', `${host}/${repository}@${sbom}`, '--key', 'p256', '--force-referrers-tag=false');
  return { image, sbom };
}

/**
 * What ORAS discovers below a reference, whatever its order. go-containerregistry lists the type of the configuration as
 * that of every referrer.
 */
async function discovered(reference: string): Promise<string[]> {
  const text = await oras('discover', '--plain-http', '--format', 'json', reference);
  const { referrers } = JSON.parse(text) as { referrers: { digest: string; artifactType: string }[] };
  return referrers
    .map(
      ({ digest, artifactType }) => `${digest} ${artifactType.replace('application/vnd.oci.empty.v1+json', sbomType)}`,
    )
    .sort();
}

async function expectWholeCopy(image: PushedImage, copy: PushedImage, sbom: string): Promise<void> {
  const { stdout } = await notation.succeed('verify', copy.reference);
  expect(stdout).toContain(`Successfully verified signature for ${copy.reference}`);
  await notation.succeed('verify', `${copy.registry}/${copy.repository}@${sbom}`);
  const listed = await notation.succeed('ls', copy.reference);
  expect(listed.stdout.match(/── sha256:[0-9a-f]{64}$/gm)).toHaveLength(2);
  for (const digest of [image.digest, sbom]) {
    const [there, here] = [image, copy].map(({ registry, repository }) => `${registry}/${repository}@${digest}`);
    expect(await discovered(here ?? '')).toEqual(await discovered(there ?? ''));
  }
  // Everything can be pulled, not only read: ORAS checks each digest.
  await oras('copy', '--from-plain-http', '--to-oci-layout', copy.reference, `layout-${Math.random()}`);
  const outcome = await verifyWithUs(copy, notation);
  expect(reasons(outcome)).toBe('');
  expect((await inspectWithUs(copy)).signatures).toHaveLength(2);
}

function copyOf(image: PushedImage, registry: string, repository: string): PushedImage {
  return { ...image, registry, repository, reference: `${registry}/${repository}@${image.digest}` };
}

describe.each(registryKinds)('from docker-registry to $name', ({ name, modes }) => {
  it.each(modes)('Notation and ORAS find everything at the copy (%s)', async (mode) => {
    const [source, target] = [await startRegistry('docker-registry'), await startRegistry(name)];
    onTestFinished(async () => {
      await Promise.all([source.stop(), target.stop()]);
    });
    const { image, sbom } = await release(source.host, 'dev/app');
    const copy = copyOf(image, target.host, 'prod/app');
    const counts = await copyWithUs(image, { ...copy, tags: ['v1'] }, { mode });
    expect(counts).toMatchObject({ manifests: 7, referrers: 4, signatures: 3 });
    await expectWholeCopy(image, copy, sbom);
    expect(digestOf((await fetchManifest(copy, 'v1')) ?? Buffer.alloc(0))).toBe(image.digest);
    expect((await copyWithUs(image, { ...copy, tags: ['v1'] }, { mode })).blobs).toMatchObject({ copied: 0 });
  });
});

describe.each(registryKinds)('from $name', ({ name }) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry(name);
  });
  afterAll(() => registry.stop());

  it('to docker-registry, and into another repository of its own', async () => {
    const target = await startRegistry('docker-registry');
    onTestFinished(() => target.stop());
    const { image, sbom } = await release(registry.host, 'dev/app');
    const promoted = copyOf(image, target.host, 'prod/app');
    await copyWithUs(image, promoted);
    await expectWholeCopy(image, promoted, sbom);
    const neighbour = copyOf(image, registry.host, 'prod/app');
    const { blobs } = await copyWithUs(image, neighbour);
    await expectWholeCopy(image, neighbour, sbom);
    // crane and go-containerregistry keep the blobs of all repositories together, so that they are there already.
    expect(blobs.copied).toBe(0);
  });

  it('Notation inspects what we sign, and we what Notation signs', async () => {
    const image = await pushImage(registry.host, 'inspected/app');
    await signWithUs(image, { key, format: 'jws', mode: 'api-first' });
    await notation.succeed('sign', image.reference, '--key', 'rsa2048', '--force-referrers-tag=false');
    const { stdout } = await notation.succeed('inspect', '-o', 'json', image.reference);
    const theirs = (JSON.parse(stdout) as { Signatures: { digest: string }[] }).Signatures.map(({ digest }) => digest);
    const ours = (await inspectWithUs(image)).signatures.map(({ digest }) => digest);
    expect(ours.sort()).toEqual(theirs.sort());
    expect(ours).toHaveLength(2);
  });
});

describe('with a login', () => {
  const alice = Buffer.from('alice:s3cret').toString('base64');

  function loggedIn(host: string): Notation {
    const client = createNotation({ dockerConfig: JSON.stringify({ auths: { [host]: { auth: alice } } }) });
    onTestFinished(() => {
      client.remove();
    });
    return client;
  }

  it('Basic', async () => {
    // htpasswd -Bbn alice s3cret
    const htpasswd = 'alice:$2y$05$esHcjRDYcpiRgIiAjNwvI.h6gDZoXpjIQZQMqJH8nRrw/eWHFtR1u\n';
    const registry = await startDockerRegistry({
      files: { htpasswd },
      auth: (directory) => ({ htpasswd: { realm: 'test-realm', path: `${directory}/htpasswd` } }),
    });
    onTestFinished(() => registry.stop());
    const client = loggedIn(registry.host);
    const { environment } = client;
    const image = await pushImage(registry.host, 'dev/app', `Basic ${alice}`);
    await signWithUs(image, { key, format: 'jws', environment });
    const copy = copyOf(image, registry.host, 'prod/app');
    expect((await copyWithUs(image, copy, { environment })).blobs.mounted).toBeGreaterThan(0);
    await client.succeed('verify', copy.reference);
    await expect(copyWithUs(image, copy)).rejects.toMatchObject({ code: 'registry-unauthorized' });
  });

  it('Bearer: a token for both repositories mounts blobs', async () => {
    const tokens = await startTokenServer([
      { user: 'alice', password: 's3cret', actions: ['pull', 'push'] },
      { user: '', password: '', actions: ['pull'] },
    ]);
    const registry = await startDockerRegistry(tokens.registryOptions);
    onTestFinished(async () => {
      await registry.stop();
      await tokens.stop();
    });
    const client = loggedIn(registry.host);
    const { environment } = client;
    const image = await pushImage(registry.host, 'dev/app', tokens.authorization('dev/app'));
    await signWithUs(image, { key, format: 'jws', environment });
    const copy = copyOf(image, registry.host, 'prod/app');
    const { blobs } = await copyWithUs(image, copy, { environment });
    expect(blobs).toMatchObject({ copied: 0 });
    expect(blobs.mounted).toBeGreaterThan(0);
    const both = ['repository:dev/app:pull', 'repository:prod/app:pull,push'];
    expect(tokens.requests.some(({ scopes }) => both.every((scope) => scopes.includes(scope)))).toBe(true);
    await client.succeed('verify', copy.reference);
    // Who may only read can neither copy nor mount.
    await expect(copyWithUs(image, copyOf(image, registry.host, 'x/y'))).rejects.toThrow(/permission|login/);
  });
});
