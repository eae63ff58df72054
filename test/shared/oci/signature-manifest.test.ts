// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import {
  encodeSignatureManifest,
  parseSignatureManifest,
  signatureAnnotations,
  type SignatureManifestForm,
} from '../../../shared/oci/signature-manifest.ts';
import { digestOf, parseDigest } from '../../../shared/primitives/digest.ts';

const imageManifest = 'application/vnd.oci.image.manifest.v1+json';

function descriptor(mediaType: string, hex: string, size: number): Descriptor {
  return { mediaType, digest: parseDigest(`sha256:${hex}`), size };
}

function goldenA(form: SignatureManifestForm): Uint8Array {
  return encodeSignatureManifest({
    form,
    envelope: descriptor(
      'application/jose+json',
      '586c5e0f341d7d07e835a06b7c9f21c21fff4f4a85933079e5859f99ba0ad02d',
      2078,
    ),
    subject: descriptor(imageManifest, '19dbd2e48e921426ee8ace4dc892edfb2ecdc1d1a72d5416c83670c30acecef0', 481),
    annotations: signatureAnnotations(
      ['9f5f5aecee24b5cfdc7a91f6d5ac5c3a5348feb17c934d403f59ac251549ea0d'],
      new Date('2023-03-14T08:10:02Z'),
    ),
  });
}

describe('encodeSignatureManifest', () => {
  it('[NP-338] reproduces golden A in the form of Notation 1.3.2', () => {
    const bytes = goldenA('config-media-type');
    expect(bytes.length).toBe(728);
    expect(digestOf(bytes)).toBe('sha256:baeaea44f55c94499b7e082bd3c98ad5ec40fdf23ef89cdf4e5db6b83e4f18f5');
  });

  it("[NP-338] reproduces golden A in main's form", () => {
    const bytes = goldenA('artifact-type');
    expect(bytes.length).toBe(793);
    expect(digestOf(bytes)).toBe('sha256:64300ad03f1dcd18136787363f3069c9598623221cbe76e3233d35266b7973d6');
  });

  it('[NP-338] reproduces golden B', () => {
    const bytes = encodeSignatureManifest({
      form: 'config-media-type',
      envelope: descriptor(
        'application/jose+json',
        '3359260cdb414e59d6ae9c0e3c1918fc22c5003f7b2a32bdc39ce99835974fa8',
        2078,
      ),
      subject: descriptor(imageManifest, 'a94db6ebb4ebc81d8130d5dd36fa0b6ba0c109fe7167dbbe8bee0bfc144b74b9', 555),
      annotations: signatureAnnotations(
        ['f0f460930a362a57ddab64997f66fd7114bd6b1b800e212c72a79974bb742e74'],
        new Date('2026-11-21T08:44:31Z'),
      ),
    });
    expect(bytes.length).toBe(728);
    expect(digestOf(bytes)).toBe('sha256:39b302ae06495c82720422ab0dd187dfa35459b82b42504d8c74198479d79e30');
  });

  it('sorts annotations by bytes and keeps those of the subject', () => {
    const bytes = encodeSignatureManifest({
      form: 'config-media-type',
      envelope: descriptor('application/cose', '0'.repeat(64), 1),
      subject: { ...descriptor(imageManifest, '1'.repeat(64), 2), annotations: { z: '<', a: '1' } },
      annotations: { '10': 'x', '9': 'y', B: '', a: '' },
    });
    const text = Buffer.from(bytes).toString();
    expect(text).toContain('"annotations":{"10":"x","9":"y","B":"","a":""}}');
    expect(text).toContain('"size":2,"annotations":{"a":"1","z":"\\u003c"}}');
  });
});

describe('signatureAnnotations', () => {
  it('[NP-339] lists thumbprints leaf first, as given', () => {
    expect(signatureAnnotations(['bb', 'aa'], new Date(0))['io.cncf.notary.x509chain.thumbprint#S256']).toBe(
      '["bb","aa"]',
    );
  });

  it('[NP-340] gives the signing time in UTC and whole seconds', () => {
    const annotations = signatureAnnotations([], new Date('2024-05-01T01:02:03.999+02:00'));
    expect(annotations['org.opencontainers.image.created']).toBe('2024-04-30T23:02:03Z');
  });
});

function manifest(overrides: Record<string, unknown>): { bytes: Uint8Array; descriptor: Descriptor } {
  const layer = { mediaType: 'application/cose', digest: `sha256:${'2'.repeat(64)}`, size: 10 };
  const document = { schemaVersion: 2, mediaType: imageManifest, layers: [layer], ...overrides };
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, descriptor: { mediaType: imageManifest, digest: digestOf(bytes), size: bytes.length } };
}

function errorOf(overrides: Record<string, unknown>): NotaryError {
  const { bytes, descriptor: of } = manifest(overrides);
  try {
    parseSignatureManifest(bytes, of);
  } catch (error) {
    if (error instanceof NotaryError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseSignatureManifest', () => {
  const layer = { mediaType: 'application/jose+json', digest: `sha256:${'3'.repeat(64)}`, size: 5 };

  it('[REG-76] reads both forms and artifact manifests', () => {
    for (const form of ['config-media-type', 'artifact-type'] as const) {
      const bytes = goldenA(form);
      const parsed = parseSignatureManifest(bytes, {
        mediaType: imageManifest,
        digest: digestOf(bytes),
        size: bytes.length,
      });
      expect(parsed.envelope.size).toBe(2078);
      expect(parsed.subject?.size).toBe(481);
    }
    const artifact = 'application/vnd.oci.artifact.manifest.v1+json';
    const bytes = Buffer.from(JSON.stringify({ mediaType: artifact, blobs: [layer] }));
    expect(parseSignatureManifest(bytes, { mediaType: artifact, digest: digestOf(bytes), size: 9 }).envelope).toEqual(
      layer,
    );
  });

  it('[NP-341] [SEC-16] requires exactly one envelope', () => {
    const message = 'signature manifest requries exactly one signature envelope blob, got';
    expect(errorOf({ layers: [layer, layer] }).message).toBe(`${message} 2`);
    for (const layers of [[], null, undefined]) expect(errorOf({ layers }).message).toBe(`${message} 0`);
  });

  it('[NP-342] [REG-77] refuses manifests over 4 MiB and envelopes over 32 MiB', () => {
    const { bytes, descriptor: of } = manifest({});
    expect(() => parseSignatureManifest(bytes, { ...of, size: 4_194_305 })).toThrow(
      'signature manifest too large: 4194305 bytes',
    );
    expect(errorOf({ layers: [{ ...layer, size: 33_554_433 }] }).message).toBe(
      'signature blob too large: 33554433 bytes',
    );
  });

  it('[NP-343] requires an image or artifact manifest', () => {
    const { bytes, descriptor: of } = manifest({});
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    expect(() => parseSignatureManifest(bytes, { ...of, mediaType })).toThrow(
      `sigManifestDesc.MediaType requires "application/vnd.oci.artifact.manifest.v1+json" or "application/vnd.oci.image.manifest.v1+json", got "${mediaType}"`,
    );
  });

  it.each([2 ** 62, -1, 1.5, '5', null, {}])('[SEC-26] [SEC-43] [REG-78] refuses the size %j', (size) => {
    expect(errorOf({ layers: [{ ...layer, size }] }).code).toBe('malformed');
  });

  it.each([
    { layers: {} },
    { layers: ['x'] },
    { layers: [{ ...layer, digest: 'md5:00' }] },
    { layers: [{ ...layer, digest: 7 }] },
    { layers: [{ ...layer, mediaType: 7 }] },
    { subject: 'x' },
    { subject: {} },
    { annotations: { a: 1 } },
    { schemaVersion: 1 },
    { schemaVersion: '2' },
    { mediaType: 'application/vnd.oci.image.index.v1+json' },
  ])('[SEC-16] refuses %j', (overrides) => {
    expect(errorOf(overrides).code).toBe('malformed');
  });

  it('[SEC-17] refuses a document that is image and index at once', () => {
    expect(errorOf({ manifests: [] }).message).toContain('could be read as an image and as an index');
  });
});
