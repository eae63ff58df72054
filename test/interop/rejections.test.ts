// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { crlDistributionPoints, defaultExtensions, ocspServers } from '../fakes/certificate-extensions.ts';
import { attachEnvelope, fetchEnvelope } from './support/attach.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey, type SigningKey } from './support/keys.ts';
import { createNotation, strictPolicy, type Notation, type NotationOptions } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('p256');
const dayMilliseconds = 86_400_000;
let registry: RunningRegistry;
let strict: Notation;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  strict = createNotation();
});
afterAll(async () => {
  await registry.stop();
  strict.remove();
});

/** Both refuse, and both for the reason expected: theirs is read from the debug log. */
async function expectBothReject(image: PushedImage, trust: Notation, reason: RegExp, metadata?: string): Promise<void> {
  const required = metadata === undefined ? [] : ['-m', metadata];
  const theirs = await trust.run('verify', '-d', image.reference, ...required);
  const [name, value] = metadata?.split('=') ?? [];
  const outcome = await verifyWithUs(image, trust, name === undefined ? {} : { metadata: { [name]: value ?? '' } });
  expect(theirs.status).toBe(1);
  expect(outcome.outcome).toBe('failed');
  expect(theirs.stderr).toMatch(reason);
  expect(reasons(outcome)).toMatch(reason);
}

/** A Notation CLI, and the same trust for us, for one test. */
function trusting(options: NotationOptions): Notation {
  const notation = createNotation(options);
  onTestFinished(() => {
    notation.remove();
  });
  return notation;
}

function policyWith(statement: Record<string, unknown>): unknown {
  return { ...strictPolicy, trustPolicies: strictPolicy.trustPolicies.map((base) => ({ ...base, ...statement })) };
}

describe.each(['jws', 'cose'] as const)('%s: Notation and we reject alike', (format) => {
  async function signed(name: string): Promise<PushedImage> {
    const image = await pushImage(registry.host, `rejected/${format}/${name}`);
    await signWithUs(image, { key, format });
    return image;
  }

  /** An image whose only signature is a changed copy of a good one of the same image. */
  async function withEnvelope(name: string, change: (envelope: Buffer) => Buffer): Promise<PushedImage> {
    const image = await pushImage(registry.host, `rejected/${format}/${name}`);
    const record = await signWithUs(image, { key, format });
    const envelope = await fetchEnvelope(image, record.signature.digest);
    await attachEnvelope(image, { ...envelope, bytes: change(envelope.bytes) });
    return image;
  }

  it('a chain that leads to none of the trusted certificates', async () => {
    const trust = trusting({ trusted: [signingKey('p384').root] });
    const reason =
      /the signature's certificate chain does not contain any trusted certificate|signature is not produced by a trusted signer/;
    await expectBothReject(await signed('store'), trust, reason);
  });

  it('a signer who is not among the trusted identities', async () => {
    const trustedIdentities = ['x509.subject: C=US, ST=WA, O=Somebody Else'];
    const trust = trusting({ trustPolicy: policyWith({ trustedIdentities }) });
    await expectBothReject(
      await signed('identity'),
      trust,
      /signing certificate from the digital signature does not match the X\.509 trusted identities/,
    );
  });

  it('a signature that has expired', async () => {
    const image = await pushImage(registry.host, `rejected/${format}/expired`);
    await signWithUs(image, { key, format, now: new Date(Date.now() - dayMilliseconds), expirySeconds: 3600 });
    await expectBothReject(image, strict, /digital signature has expired/);
  });

  it('a changed signature value', async () => {
    const image = await withEnvelope('signature', (envelope) => changeSignature(envelope, format));
    await expectBothReject(image, strict, /signature is invalid/);
  });

  it('a changed payload', async () => {
    const image = await withEnvelope('payload', (envelope) => changePayload(envelope, format));
    await expectBothReject(image, strict, /signature is invalid/);
  });

  it('an envelope that is cut off', async () => {
    const image = await withEnvelope('cut', (envelope) => envelope.subarray(0, -1));
    await expectBothReject(image, strict, /unable to parse the digital signature/);
  });

  it('an envelope under the media type of the other format', async () => {
    const image = await pushImage(registry.host, `rejected/${format}/type`);
    const envelope = await fetchEnvelope(image, (await signWithUs(image, { key, format })).signature.digest);
    const mediaType = format === 'jws' ? 'application/cose' : 'application/jose+json';
    await attachEnvelope(image, { ...envelope, mediaType });
    await expectBothReject(image, strict, /./);
  });

  it('the signature of another artifact', async () => {
    const other = await pushImage(registry.host, `rejected/${format}/other`);
    const record = await signWithUs(other, { key, format });
    const image = await pushImage(registry.host, `rejected/${format}/other`);
    await attachEnvelope(image, await fetchEnvelope(other, record.signature.digest));
    await expectBothReject(image, strict, /content descriptor mismatch|digest.* (?:does not match|mismatch)/i);
  });

  it('user metadata that was not signed', async () => {
    await expectBothReject(
      await signed('metadata'),
      strict,
      /unable to find specified metadata in the signature/,
      'build=7',
    );
  });

  it('an artifact without any signature', async () => {
    const image = await pushImage(registry.host, `rejected/${format}/unsigned`);
    await expectBothReject(image, strict, /no signature is associated with/);
  });

  it('a certificate whose revocation cannot be determined, when that is enforced', async () => {
    const revocable = createRevocableKey();
    const image = await pushImage(registry.host, `rejected/${format}/revocation`);
    await signWithUs(image, { key: revocable, format });
    const enforced = trusting({ trusted: [revocable.root] });
    await expectBothReject(
      image,
      enforced,
      /signing certificate with subject "[^"]*Signer[^"]*" (?:revocation status is unknown|is revoked)/,
    );

    const signatureVerification = { level: 'strict', override: { revocation: 'log' } };
    const logged = trusting({ trusted: [revocable.root], trustPolicy: policyWith({ signatureVerification }) });
    expect((await logged.succeed('verify', image.reference)).stderr).toContain('revocation was set to "log"');
    const outcome = await verifyWithUs(image, logged);
    expect(outcome).toMatchObject({ outcome: 'verified', warnings: [expect.stringContaining('revocation')] });
  });

  it('a repository that no statement of the trust policy names', async () => {
    const trust = trusting({ trustPolicy: policyWith({ registryScopes: [`${registry.host}/somewhere/else`] }) });
    const image = await signed('scope');
    await expectBothReject(image, trust, /has no applicable trust policy statement/);
  });
});

/** A key whose certificate names a CRL and an OCSP responder that nobody serves. */
function createRevocableKey(): Pick<SigningKey, 'privateKey' | 'certificateChain' | 'root'> {
  const folder = mkdtempSync(join(tmpdir(), 'revocable-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  // The discard port: connections to it are refused at once.
  const extensions = [
    ...defaultExtensions.leaf,
    crlDistributionPoints('http://127.0.0.1:9/crl'),
    ocspServers('http://127.0.0.1:9/ocsp'),
  ];
  const authority = createCertificateAuthority();
  const { privateKeyPem, chainPem } = authority.issue({ extensions });
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  return {
    privateKey: write('leaf.key', privateKeyPem),
    certificateChain: write('chain.pem', chainPem),
    root: write('root.crt', authority.root.pem),
  };
}

/** Another last byte of the signature, with all lengths as they were. */
function changeSignature(envelope: Buffer, format: string): Buffer {
  if (format === 'cose') return withByteChanged(envelope, envelope.length - 1);
  const jws = JSON.parse(envelope.toString()) as { signature: string };
  const signature = withByteChanged(Buffer.from(jws.signature, 'base64url'), 10);
  return Buffer.from(JSON.stringify({ ...jws, signature: signature.toString('base64url') }));
}

/** Another digest in the payload, with all lengths as they were. */
function changePayload(envelope: Buffer, format: string): Buffer {
  const text = Buffer.from('"digest":"sha256:');
  if (format === 'cose') return withByteChanged(envelope, envelope.indexOf(text) + text.length, 0x01);
  const jws = JSON.parse(envelope.toString()) as { payload: string };
  const payload = Buffer.from(jws.payload, 'base64url');
  const changed = withByteChanged(payload, payload.indexOf(text) + text.length, 0x01);
  return Buffer.from(JSON.stringify({ ...jws, payload: changed.toString('base64url') }));
}

function withByteChanged(bytes: Buffer, at: number, mask = 0xff): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ mask, at);
  return changed;
}
