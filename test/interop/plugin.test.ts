// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { openPlugin, type Plugin } from '../../shared/adapters/plugin-program.ts';
import { openPluginSigner } from '../../shared/adapters/signers/plugin.ts';
import type { VerificationPlugins } from '../../shared/ports.ts';
import { parseDigest } from '../../shared/primitives/digest.ts';
import { type CertificateChain, parseCertificates } from '../../shared/x509/certificate.ts';
import type { TestSigner } from '../fakes/certificate-authority.ts';
import { signEnvelope } from '../fakes/signed-envelope.ts';
import { quietLog } from '../fakes/verification.ts';
import { attachEnvelope } from './support/attach.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('rsa2048');
const config = { key: key.privateKey, chain: key.certificateChain };
let registry: RunningRegistry;
let notation: Notation;
let plugin: Plugin;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  notation = createNotation();
  const path = join(notation.environment['NOTATION_LIBEXEC'] ?? '', 'plugins/framed/notation-framed');
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(readPeers().plugin.program, path);
  chmodSync(path, 0o755);
  plugin = openPlugin({ name: 'framed', path }, { environment: notation.environment, directory: dirname(path) });
});
afterAll(async () => {
  await registry.stop();
  notation.remove();
});

describe.each(['jws', 'cose'] as const)("a plugin on the reference's framework, %s", (format) => {
  it('signs for us, and the Notation CLI verifies', async () => {
    const image = await pushImage(registry.host, `plugin/ours/${format}`);
    const signer = await openPluginSigner(plugin, { keyId: 'k', config: new Map(Object.entries(config)) }, quietLog);
    await signWithUs(image, { key, format, signer });
    await notation.succeed('verify', image.reference);
    expect(reasons(await verifyWithUs(image, notation))).toBe('');
  });

  it('signs for the Notation CLI, and we verify', async () => {
    const image = await pushImage(registry.host, `plugin/theirs/${format}`);
    const options = Object.entries(config).flatMap(([name, value]) => ['--plugin-config', `${name}=${value}`]);
    await notation.succeed(
      ...['sign', image.reference, '--plugin', 'framed', '--id', 'k', '--signature-format', format, ...options],
    );
    expect(reasons(await verifyWithUs(image, notation))).toBe('');
    await notation.succeed('verify', image.reference);
  });
});

describe("a verification plugin on the reference's framework", () => {
  async function imageThatAsks(use: string): Promise<PushedImage> {
    const image = await pushImage(registry.host, `plugin/verify/${use}`);
    const { mediaType, digest, size } = image;
    const extended = [
      { key: 'io.cncf.notary.verificationPlugin', critical: true, value: 'framed' },
      { key: 'com.example.attribute', critical: true, value: 'a' },
    ];
    const [leaf, ...issuers] = parseCertificates(readFileSync(key.certificateChain));
    if (leaf === undefined) throw new Error('no certificate');
    const certificateChain: CertificateChain = [leaf, ...issuers];
    const signer = { certificateChain, privateKey: createPrivateKey(readFileSync(key.privateKey)) } as TestSigner;
    const payload = { mediaType, digest: parseDigest(digest), size };
    const bytes = Buffer.from(signEnvelope({ signer, payload, extended }));
    await attachEnvelope(image, { mediaType: 'application/jose+json', bytes });
    return image;
  }

  it.each([
    ['accepts', new Map<string, string>()],
    ['refuses', new Map([['refuse', 'yes']])],
  ])('%s for us what it does for the Notation CLI', async (use, verifyConfig) => {
    const plugins: VerificationPlugins = {
      locate: () =>
        Promise.resolve({
          metadata: () => plugin.getMetadata(verifyConfig),
          verifySignature: (question) => plugin.verifySignature(question, verifyConfig),
        }),
    };
    const image = await imageThatAsks(use);
    const options = [...verifyConfig].flatMap(([name, value]) => ['--plugin-config', `${name}=${value}`]);
    const theirs = await notation.run('verify', image.reference, ...options);
    const ours = await verifyWithUs(image, notation, { plugins });
    expect({ theirs: theirs.status, ours: ours.outcome }).toEqual(
      use === 'accepts' ? { theirs: 0, ours: 'verified' } : { theirs: 1, ours: 'failed' },
    );
  });
});
