// SPDX-License-Identifier: Apache-2.0
import { constants, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { manifestTypes } from '../../../shared/oci/manifest.ts';
import {
  emptyConfig,
  encodeSignatureManifest,
  signatureArtifactType,
  type SignatureManifestForm,
} from '../../../shared/oci/signature-manifest.ts';
import { digestOf } from '../../../shared/primitives/digest.ts';
import type { Strictness } from '../../../shared/validation/strictness.ts';
import { createCertificateAuthority, createSelfSigned } from '../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, keyUsage } from '../../fakes/certificate-extensions.ts';
import { craftJws } from '../../fakes/crafted-jws.ts';
import { signEnvelope } from '../../fakes/signed-envelope.ts';
import { policyOf } from '../../fakes/trust-policy.ts';
import { Scenario, acme, signer } from '../../fakes/verification.ts';

const refused = '(refused because {input:strictness} is strict)';

describe('strictness', () => {
  let scenario: Scenario;
  beforeEach(() => {
    scenario = new Scenario();
  });

  /** The error under strict; the reference must have accepted. */
  async function onlyStrictRefuses(): Promise<string> {
    const decide = (strictness: Strictness) => scenario.verify({ strictness });
    expect((await decide('reference')).outcome).toBe('verified');
    const outcome = await decide('strict');
    if (outcome.outcome !== 'failed') throw new Error(`the outcome is ${outcome.outcome}`);
    expect(outcome.hint).toBeDefined();
    expect(outcome.error).toContain(refused);
    return outcome.error;
  }

  it.each(['jws', 'cose'] as const)('accepts a signature that keeps to the specification (%s)', async (format) => {
    scenario.sign({ format });
    expect((await scenario.verify({ strictness: 'strict' })).outcome).toBe('verified');
  });

  it.each(['jws', 'cose'] as const)('[NP-261] refuses an unknown critical attribute (item 1, %s)', async (format) => {
    scenario.sign({ format, extended: [{ key: 'k', critical: true, value: 'v' }] });
    expect(await onlyStrictRefuses()).toContain('the signature has the critical attribute "k"');
  });

  it('refuses the minimum version of a plugin that is not named', async () => {
    const key = 'io.cncf.notary.verificationPluginMinVersion';
    scenario.sign({ extended: [{ key, critical: true, value: '1.0.0' }] });
    expect(await onlyStrictRefuses()).toContain(`the critical attribute "${key}"`);
  });

  it('accepts an unknown attribute that is not critical', async () => {
    scenario.sign({ extended: [{ key: 'k', critical: false, value: 'v' }] });
    expect((await scenario.verify({ strictness: 'strict' })).outcome).toBe('verified');
  });

  it('refuses anyExtendedKeyUsage in the signing certificate (item 2)', async () => {
    const extensions = [basicConstraints({}), keyUsage(['digitalSignature']), extendedKeyUsage(['codeSigning', 'any'])];
    scenario.sign({ signer: acme.issue({ extensions }) });
    expect(await onlyStrictRefuses()).toContain('has the extended key usage anyExtendedKeyUsage');
  });

  it('refuses a self-signed certificate with SHA-1 (item 4)', async () => {
    const own = createSelfSigned({ subject: 'C=US,ST=WA,O=own', signatureAlgorithm: 'ECDSA-SHA1' });
    scenario.trustStore.stores.set('ca:acme', [own.leaf.certificate]);
    scenario.sign({ signer: own });
    expect(await onlyStrictRefuses()).toContain('is signed with SHA-1 (ECDSA-SHA1)');
  });

  it.each([0, 20, 64])('[NP-59] refuses an RSA-PSS salt of %i bytes (item 6)', async (saltLength) => {
    const rsa = createCertificateAuthority({ name: 'acme rsa' }).issue({ keyType: 'RSA-2048' });
    scenario.trustStore.stores.set('ca:acme', [rsa.certificateChain.at(-1) ?? expect.fail('no root')]);
    const payload = new TextDecoder().decode(signedPayload(scenario));
    const key = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    scenario.attach(Buffer.from(craftJws({ signer: rsa, payload, sign: (data) => sign('sha256', data, key) })));
    expect(await onlyStrictRefuses()).toContain('the RSASSA-PSS salt of the signature is not as long as its hash');
  });

  it('accepts standard RSA-PSS signatures', async () => {
    scenario.sign({ signer: acme.issue({ keyType: 'RSA-2048' }) });
    expect((await scenario.verify({ strictness: 'strict' })).outcome).toBe('verified');
  });

  it('is enforced at level audit too', async () => {
    scenario.sign({ extended: [{ key: 'k', critical: true, value: 'v' }] });
    const policy = policyOf({ signatureVerification: { level: 'audit' } });
    expect((await scenario.verify({ policy, strictness: 'strict' })).outcome).toBe('failed');
  });

  describe('signature manifests (item 18)', () => {
    const config = { mediaType: signatureArtifactType, digest: digestOf(emptyConfig), size: emptyConfig.length };

    /** Attaches a manifest that is right but for these members. */
    function attach(changes: Readonly<Record<string, unknown>>): void {
      const envelope = signEnvelope({ signer, payload: scenario.artifact });
      const layer = scenario.repository.putBlob('application/jose+json', envelope);
      const manifest = {
        schemaVersion: 2,
        mediaType: manifestTypes.image,
        config,
        layers: [layer],
        subject: scenario.artifact,
      };
      scenario.attachManifest(JSON.stringify({ ...manifest, ...changes }));
    }

    it.each<[string, Readonly<Record<string, unknown>>, string]>([
      [
        'another subject',
        { subject: { ...config, mediaType: manifestTypes.image } },
        'is another artifact: sha256:44136',
      ],
      ['no subject', { subject: undefined }, 'the signature manifest has no subject'],
      ['a config of an image', { config: { ...config, mediaType: 'x/y' } }, 'does not say that it is a signature'],
      ['another artifact type', { artifactType: 'x/y' }, 'does not say that it is a signature'],
      ['both ways at once', { artifactType: signatureArtifactType }, 'does not say that it is a signature'],
    ])('refuses one with %s', async (_, changes, error) => {
      attach(changes);
      expect(await onlyStrictRefuses()).toContain(error);
    });

    it('looks at the other signatures of the artifact', async () => {
      attach({ subject: undefined });
      scenario.sign();
      const outcome = await scenario.verify({ strictness: 'strict' });
      expect(outcome.outcome).toBe('verified');
      expect(outcome.signatures.map(({ verified }) => verified)).toEqual([false, true]);
    });

    it.each<SignatureManifestForm>(['config-media-type', 'artifact-type'])('accepts the form %s', async (form) => {
      const envelope = scenario.repository.putBlob(
        'application/cose',
        signEnvelope({ signer, payload: scenario.artifact, format: 'cose' }),
      );
      scenario.attachManifest(encodeSignatureManifest({ form, envelope, subject: scenario.artifact, annotations: {} }));
      expect((await scenario.verify({ strictness: 'strict' })).outcome).toBe('verified');
    });
  });
});

/** What an envelope for the artifact of a scenario signs. */
function signedPayload({ artifact: { mediaType, digest, size } }: Scenario): Uint8Array {
  return Buffer.from(JSON.stringify({ targetArtifact: { digest, mediaType, size } }));
}
