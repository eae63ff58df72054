// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { node24 } from '../support/azure-agent.ts';
import { digestOf, fetchManifest, pushImage, pushManifest, referrersTag, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { describeWithPeer } from './support/named-peer.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { inspectWithUs, reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startAction, startTask } from './support/products.ts';
import { startZot, type RunningRegistry } from './support/registries.ts';
import { runProgram, type ProgramRun } from './support/run-program.ts';

const key = signingKey('p256');
const signatureType = 'application/vnd.cncf.notary.signature';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** An index of referrers, as the Referrers API and the referrers tag have it. */
interface Listing {
  readonly manifests: readonly { readonly digest: string; readonly artifactType: string }[];
}

// zot is one of the registries of the matrix as well; here is what it alone can show.
describeWithPeer('ZOT_BINARY', 'zot', () => {
  let zot: RunningRegistry;
  let notation: Notation;

  beforeAll(async () => {
    zot = await startZot();
    notation = createNotation();
  });
  afterAll(async () => {
    await zot.stop();
    notation.remove();
  });

  async function listed(image: PushedImage, query = ''): Promise<Listing> {
    const url = `http://${image.registry}/v2/${image.repository}/referrers/${image.digest}${query}`;
    return (await (await fetch(url)).json()) as Listing;
  }

  it('[REG-59] answers our signature manifest by OCI-Subject, and we leave no referrers tag', async () => {
    const image = await pushImage(zot.host, 'zot/subject');
    const record = await signWithUs(image, { key, format: 'jws', mode: 'api-first' });
    expect(record.via).toBe('referrers-api');
    expect(await fetchManifest(image, referrersTag(image.digest))).toBeUndefined();
    const bytes = (await fetchManifest(image, record.signature.digest)) ?? Buffer.alloc(0);
    const url = `http://${image.registry}/v2/${image.repository}/manifests/${record.signature.digest}`;
    const headers = { 'content-type': manifestType };
    const response = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) });
    expect(response.headers.get('oci-subject')).toBe(image.digest);
    expect((await listed(image)).manifests).toMatchObject([
      { digest: record.signature.digest, artifactType: signatureType },
    ]);
  });

  it('[REG-91] what it lists is what we, Notation and ORAS find, with other referrers among them', async () => {
    const image = await pushImage(zot.host, 'zot/listing');
    const sbom = await attachWithOras(image, 'application/spdx+json');
    const ours = await signWithUs(image, { key, format: 'cose', mode: 'api-first' });
    await notation.succeed('sign', image.reference, '--key', key.name, '--force-referrers-tag=false');
    const listing = await listed(image, `?artifactType=${encodeURIComponent(signatureType)}`);
    const signatures = listing.manifests.map(({ digest }) => digest).sort();
    expect(signatures).toHaveLength(2);
    expect(signatures).toContain(ours.signature.digest);

    expect((await inspectWithUs(image)).signatures.map(({ digest }) => digest as string).sort()).toEqual(signatures);
    const { stdout } = await notation.succeed('ls', image.reference);
    expect((stdout.match(/(?<=── )sha256:[0-9a-f]{64}$/gm) ?? []).sort()).toEqual(signatures);
    const discovered = await oras('discover', '--plain-http', '--format', 'json', image.reference);
    const { referrers } = JSON.parse(discovered.stdout) as { referrers: { digest: string }[] };
    expect(referrers.map(({ digest }) => digest).sort()).toEqual([...signatures, sbom].sort());
    expect(reasons(await verifyWithUs(image, notation))).toBe('');
    await notation.succeed('verify', image.reference);
  });

  it('a hundred signatures are all found', async () => {
    const image = await pushImage(zot.host, 'zot/many');
    const record = await signWithUs(image, { key, format: 'jws', mode: 'api-first' });
    const base = `http://${image.registry}/v2/${image.repository}`;
    const stored = (await fetchManifest(image, record.signature.digest)) ?? Buffer.alloc(0);
    const manifest = JSON.parse(stored.toString()) as { annotations: Record<string, string> };
    const digests = [record.signature.digest as string];
    for (let index = 1; index < 100; index++) {
      const annotations = { ...manifest.annotations, index: `${index}` };
      const bytes = Buffer.from(JSON.stringify({ ...manifest, annotations }));
      digests.push(await pushManifest(base, digestOf(bytes), manifestType, bytes));
    }
    expect((await listed(image)).manifests).toHaveLength(100);
    const { signatures } = await inspectWithUs(image);
    expect(signatures.map(({ digest }) => digest as string).sort()).toEqual([...digests].sort());
  });

  it('nothing is found of an image without signature, by either', async () => {
    const image = await pushImage(zot.host, 'zot/unsigned');
    expect((await inspectWithUs(image)).signatures).toEqual([]);
    const outcome = await verifyWithUs(image, notation);
    expect(reasons(outcome)).toContain('no signature is associated with');
    expect((await notation.run('verify', image.reference)).stderr).toContain('no signature is associated with');
  });

  it.each(['api-first', 'tag-schema'] as const)(
    '[REG-67] of eight that sign the same image at once (%s), each signature is listed',
    async (mode) => {
      const image = await pushImage(zot.host, `zot/at-once/${mode}`);
      const records = await Promise.all(
        Array.from({ length: 8 }, () => signWithUs(image, { key, format: 'cose', mode })),
      );
      const digests = records.map(({ signature }) => signature.digest as string).sort();
      expect(new Set(digests).size).toBe(8);
      expect((await listed(image)).manifests.map(({ digest }) => digest).sort()).toEqual(digests);
      if (mode === 'tag-schema') {
        const tag = (await fetchManifest(image, referrersTag(image.digest))) ?? Buffer.alloc(0);
        const index = JSON.parse(tag.toString()) as Listing;
        expect(index.manifests.map(({ digest }) => digest).sort()).toEqual(digests);
      }
      const { stdout } = await notation.succeed('ls', image.reference);
      for (const digest of digests) expect(stdout).toContain(digest);
    },
  );

  it('[REG-67] of eight packaged processes that sign the same image at once, each signature is listed', async () => {
    const image = await pushImage(zot.host, 'zot/packaged');
    const actions = await Promise.all(Array.from({ length: 4 }, () => startAction(notation)));
    const products = [...actions, ...Array.from({ length: 4 }, () => startTask(notation, node24))];
    onTestFinished(async () => {
      for (const product of products) await product.dispose();
    });
    const steps = await Promise.all(products.map((product) => product.sign([image], key, 'jws')));
    expect(steps.filter(({ succeeded }) => !succeeded).map(({ log }) => log)).toEqual([]);
    expect(new Set((await listed(image)).manifests.map(({ digest }) => digest)).size).toBe(8);
    expect(await products[0]?.verify([image])).toMatchObject({ succeeded: true });
    await notation.succeed('verify', image.reference);
  });

  describe('with passwords', () => {
    let locked: RunningRegistry;

    beforeAll(async () => {
      // htpasswd -Bbn alice s3cret
      locked = await startZot({ htpasswd: 'alice:$2y$05$esHcjRDYcpiRgIiAjNwvI.h6gDZoXpjIQZQMqJH8nRrw/eWHFtR1u\n' });
    });
    afterAll(() => locked.stop());

    function loggedIn(password?: string): Notation {
      const auths = password === undefined ? {} : { [locked.host]: { auth: base64(`alice:${password}`) } };
      const other = createNotation({ dockerConfig: JSON.stringify({ auths }) });
      onTestFinished(() => {
        other.remove();
      });
      return other;
    }

    const push = (name: string) => pushImage(locked.host, `locked/${name}`, `Basic ${base64('alice:s3cret')}`);

    it('[REG-33] both sign and verify with the credentials of the docker configuration', async () => {
      const image = await push('good');
      const user = loggedIn('s3cret');
      const { environment } = user;
      const record = await signWithUs(image, { key, format: 'jws', mode: 'api-first', environment });
      expect(record.via).toBe('referrers-api');
      await user.succeed('verify', image.reference);
      await user.succeed('sign', image.reference, '--key', key.name, '--signature-format', 'cose');
      expect(reasons(await verifyWithUs(image, user, { environment }))).toBe('');
    });

    it.each([
      ['with a wrong password', 'guess'],
      ['without credentials', undefined],
    ])('[REG-33] neither signs %s', async (_, password) => {
      const image = await push('refused');
      const user = loggedIn(password);
      const { environment } = user;
      expect((await user.run('sign', image.reference, '--key', key.name)).status).toBe(1);
      await expect(signWithUs(image, { key, format: 'jws', mode: 'api-first', environment })).rejects.toMatchObject({
        code: 'registry-unauthorized',
      });
    });
  });
});

/** Runs ORAS in a home of its own; rejects unless it succeeds. */
async function oras(...args: readonly string[]): Promise<ProgramRun> {
  const home = mkdtempSync(join(tmpdir(), 'oras-'));
  onTestFinished(() => {
    rmSync(home, { recursive: true, force: true });
  });
  const ended = await runProgram(readPeers().oras.program, args, { environment: { HOME: home }, directory: home });
  if (ended.status !== 0) throw new Error(`oras ${args.join(' ')}:\n${ended.stdout}${ended.stderr}`);
  return ended;
}

/** Attaches something that is no signature, and returns its digest. */
async function attachWithOras(image: PushedImage, artifactType: string): Promise<string> {
  const args = ['--artifact-type', artifactType, '--annotation', 'about=everything', '--format', 'json'];
  const { stdout } = await oras('attach', '--plain-http', ...args, image.reference);
  return (JSON.parse(stdout) as { digest: string }).digest;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
