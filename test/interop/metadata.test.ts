// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { inspectWithUs, reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('p384');
const metadata = { build: '7', 'io.wabbit-networks/commit': '<é & "quotes">' };
const metadataArguments = Object.entries(metadata).flatMap(([name, value]) => ['-m', `${name}=${value}`]);
const hourSeconds = 3600;
let registry: RunningRegistry;
let notation: Notation;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  notation = createNotation();
});
afterAll(async () => {
  await registry.stop();
  notation.remove();
});

/** One signature as `notation inspect -o json` shows it (NP 13.6). */
interface InspectedByNotation {
  readonly mediaType: string;
  readonly digest: string;
  readonly signatureAlgorithm: string;
  readonly signedAttributes: { readonly signingScheme: string; readonly signingTime: string; readonly expiry?: string };
  readonly userDefinedAttributes: Readonly<Record<string, string>> | null;
  readonly unsignedAttributes: { readonly signingAgent?: string };
  readonly certificates: readonly {
    readonly SHA256Fingerprint: string;
    readonly issuedTo: string;
    readonly issuedBy: string;
    readonly expiry: string;
  }[];
  readonly signedArtifact: unknown;
}

async function inspectWithNotation(image: PushedImage): Promise<readonly InspectedByNotation[]> {
  const { stdout } = await notation.succeed('inspect', '-o', 'json', image.reference);
  return (JSON.parse(stdout) as { Signatures: InspectedByNotation[] }).Signatures;
}

describe.each(['jws', 'cose'] as const)('%s', (format) => {
  it('Notation shows and demands the metadata and expiry that we signed', async () => {
    const image = await pushImage(registry.host, `metadata/ours/${format}`);
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    await signWithUs(image, { key, format, metadata, expirySeconds: hourSeconds, now });

    const { stdout } = await notation.succeed('verify', image.reference, ...metadataArguments);
    for (const text of Object.entries(metadata).flat()) expect(stdout).toContain(text);
    expect((await notation.run('verify', image.reference, '-m', 'build=8')).status).toBe(1);

    const [signature] = await inspectWithNotation(image);
    expect(signature).toMatchObject({
      userDefinedAttributes: metadata,
      signedAttributes: { signingScheme: 'notary.x509', signingTime: seconds(now), expiry: seconds(now, hourSeconds) },
      signedArtifact: { mediaType: image.mediaType, digest: image.digest, size: image.size },
    });
  });

  it('we demand the metadata that Notation signed', async () => {
    const image = await pushImage(registry.host, `metadata/theirs/${format}`);
    const expiry = ['--expiry', '1h'];
    await notation.succeed(
      ...['sign', image.reference, '--key', key.name, '--signature-format', format],
      ...[...metadataArguments, ...expiry],
    );
    const outcome = await verifyWithUs(image, notation, { metadata });
    expect(reasons(outcome)).toBe('');
    expect(outcome.signatures).toMatchObject([{ signature: { userMetadata: metadata } }]);
    expect((await verifyWithUs(image, notation, { metadata: { build: '8' } })).outcome).toBe('failed');
  });

  it('we enforce the expiry that Notation signed', async () => {
    const image = await pushImage(registry.host, `expiry/theirs/${format}`);
    await notation.succeed(
      ...['sign', image.reference, '--key', key.name, '--signature-format', format, '--expiry', '1h'],
    );
    expect((await verifyWithUs(image, notation)).outcome).toBe('verified');
    const later = new Date(Date.now() + 2 * hourSeconds * 1000);
    const outcome = await verifyWithUs(image, notation, { now: later });
    expect(reasons(outcome)).toMatch(/digital signature has expired/);
  });

  it('inspecting the signatures of both, Notation and we see the same', async () => {
    const image = await pushImage(registry.host, `inspect/${format}`);
    await signWithUs(image, { key, format, metadata, expirySeconds: hourSeconds });
    await notation.succeed('sign', image.reference, '--key', 'rsa3072', '--signature-format', format);

    const theirs = await inspectWithNotation(image);
    const { signatures } = await inspectWithUs(image);
    expect(theirs).toHaveLength(2);
    const ours = signatures.map(({ digest, summary }) => ({
      digest,
      mediaType: summary?.envelopeMediaType,
      signedAttributes: {
        signingScheme: summary?.signingScheme,
        signingTime: withoutFraction(summary?.signingTime),
        ...(summary?.expiry === undefined ? {} : { expiry: withoutFraction(summary.expiry) }),
      },
      userDefinedAttributes: summary?.userMetadata,
      unsignedAttributes: { signingAgent: summary?.signingAgent },
      certificates: summary?.certificates.map(({ thumbprint, subject, issuer, notAfter }) => ({
        SHA256Fingerprint: thumbprint,
        issuedTo: subject,
        issuedBy: issuer,
        expiry: withoutFraction(notAfter),
      })),
    }));
    const comparable = theirs.map(({ signatureAlgorithm, signedArtifact, userDefinedAttributes, ...rest }) => {
      expect(signatureAlgorithm).toMatch(/^(?:ECDSA-SHA-384|RSASSA-PSS-SHA-384)$/);
      expect(signedArtifact).toMatchObject({ digest: image.digest });
      return { ...rest, userDefinedAttributes: userDefinedAttributes ?? {} };
    });
    expect(ours).toEqual(comparable);
  });
});

function seconds(time: Date, later = 0): string {
  return withoutFraction(new Date(time.getTime() + later * 1000).toISOString()) ?? '';
}

function withoutFraction(time: string | undefined): string | undefined {
  return time?.replace(/\.\d+Z$/, 'Z');
}
