// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { pushImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { signWithUs } from './support/ours.ts';
import { registryKinds, startRegistry } from './support/registries.ts';
import { runProgram } from './support/run-program.ts';

/** What `oras discover --format json` tells of a referrer. */
interface Discovered {
  readonly digest: string;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

// go-containerregistry lists referrers without their annotations.
const listsAnnotations = registryKinds.filter(({ name }) => name !== 'ggcr');

describe.each(listsAnnotations)('$name', ({ name, modes }) => {
  it.each(modes)('[REG-91] ORAS discovers our signature (%s) with its type and annotations', async (mode) => {
    const home = mkdtempSync(join(tmpdir(), 'oras-'));
    const registry = await startRegistry(name);
    onTestFinished(async () => {
      await registry.stop();
      rmSync(home, { recursive: true });
    });
    const image = await pushImage(registry.host, 'discovery/app');
    const record = await signWithUs(image, { key: signingKey('p256'), format: 'jws', mode });

    const args = ['discover', '--plain-http', '--format', 'json', image.reference];
    const { status, stdout, stderr } = await runProgram(readPeers().oras.program, args, {
      environment: { HOME: home },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { referrers } = JSON.parse(stdout) as { referrers: Discovered[] };
    expect(referrers).toMatchObject([
      {
        digest: record.signature.digest,
        artifactType: 'application/vnd.cncf.notary.signature',
        annotations: {
          'io.cncf.notary.x509chain.thumbprint#S256': expect.stringMatching(/^\["[0-9a-f]{64}"/) as string,
        },
      },
    ]);
  });
});
