// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validateTimestampingChain } from '../../../shared/x509/timestamping-chain.ts';
import type { CertificateChain } from '../../../shared/x509/certificate.ts';
import {
  createCertificateAuthority,
  createSelfSigned,
  signerOf,
  type CertificateSpec,
} from '../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, keyUsage } from '../../fakes/certificate-extensions.ts';
import { issueTimestampSigner, timestampExtensions, tsaAuthority, tsaSigner } from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const [constraints = new Uint8Array(), usage = new Uint8Array(), purpose = new Uint8Array()] = timestampExtensions;

function check(chain: CertificateChain): void {
  validateTimestampingChain(chain);
}

function checkLeaf(spec: CertificateSpec): void {
  check(issueTimestampSigner(spec).certificateChain);
}

function expectInvalid(work: () => void, message: string | RegExp): void {
  expectError(work, 'chain-invalid', message);
}

const leaf = '"CN=TSA,C=US"';

describe('validateTimestampingChain', () => {
  it.each(['RSA-2048', 'RSA-3072', 'EC-256', 'EC-384', 'EC-521'] as const)(
    '[NP-175] takes a leaf with %s',
    (keyType) => {
      checkLeaf({ keyType, subject: 'C=US,CN=TSA' });
    },
  );

  it.each(['RSA-1024', 'EC-224', 'Ed25519'] as const)('[NP-175] refuses a leaf with %s', (keyType) => {
    expectInvalid(() => {
      checkLeaf({ keyType, subject: 'C=US,CN=TSA' });
    }, /^certificate with subject "CN=TSA,C=US": (?:rsa key size 1024 bits is not supported|ecdsa key size 224 bits is not supported|unsupported public key type)$/);
  });

  it('[NP-176] wants the extended key usage critical', () => {
    expectInvalid(() => {
      checkLeaf({ extensions: [constraints, usage, extendedKeyUsage(['timeStamping'])] });
    }, `timestamp signing certificate with subject ${leaf} must have extended key usage extension marked as critical`);
  });

  it.each([
    ['two usages', [extendedKeyUsage(['timeStamping', 'codeSigning'], { critical: true })]],
    ['an unknown one beside it', [extendedKeyUsage(['timeStamping', '1.2.3.4'], { critical: true })]],
    ['any usage', [extendedKeyUsage(['any'], { critical: true })]],
    ['another usage', [extendedKeyUsage(['codeSigning'], { critical: true })]],
    ['none', []],
  ])('[NP-177] refuses a leaf with %s', (_, extensions) => {
    expectInvalid(() => {
      checkLeaf({ extensions: [constraints, usage, ...extensions] });
    }, `timestamp signing certificate with subject ${leaf} must have and only have Timestamping as extended key usage`);
  });

  it('[NP-178] does not mind key usages that are not critical', () => {
    const lax = createCertificateAuthority({
      name: 'lax',
      intermediate: { extensions: [basicConstraints({ ca: true }), keyUsage(['keyCertSign'], { critical: false })] },
    });
    const spec = { extensions: [constraints, keyUsage(['digitalSignature'], { critical: false }), purpose] };
    check(issueTimestampSigner(spec, lax).certificateChain);
  });

  it('wants key usage, with digitalSignature and nothing else of weight', () => {
    expectInvalid(() => {
      checkLeaf({ extensions: [constraints, purpose] });
    }, `certificate with subject ${leaf}: key usage extension must be present`);
    expectInvalid(() => {
      checkLeaf({ extensions: [constraints, keyUsage(['contentCommitment']), purpose] });
    }, `the certificate with subject ${leaf} is invalid. The key usage must have the bit positions for "Digital Signature" set`);
    expectInvalid(() => {
      checkLeaf({ extensions: [constraints, keyUsage(['digitalSignature', 'keyAgreement']), purpose] });
    }, `the certificate with subject ${leaf} is invalid. The key usage must be "Digital Signature" only, but found "KeyAgreement"`);
    checkLeaf({ extensions: [constraints, keyUsage(['digitalSignature', 'contentCommitment']), purpose] });
  });

  it('refuses a CA as leaf', () => {
    expectInvalid(() => {
      checkLeaf({ extensions: [basicConstraints({ ca: true }), usage, purpose] });
    }, /the ca field must be set to false$/);
  });

  it('wants of authorities the CA flag, path length, key usage and keyCertSign', () => {
    const rules: readonly (readonly [readonly Uint8Array[], RegExp])[] = [
      [[keyUsage(['keyCertSign'])], /parent certificate cannot sign this kind of certificate$/],
      [[basicConstraints({ ca: true })], /key usage extension must be present$/],
      [[basicConstraints({ ca: true }), keyUsage(['cRLSign'])], /parent certificate cannot sign/],
    ];
    for (const [extensions, message] of rules) {
      const authority = createCertificateAuthority({ name: 'unfit', intermediate: { extensions } });
      expectInvalid(() => {
        check(issueTimestampSigner({}, authority).certificateChain);
      }, message);
    }
    const extensions = [basicConstraints({ ca: true, pathLength: 0 }), keyUsage(['keyCertSign'])];
    const deep = createCertificateAuthority({ name: 'deep', intermediates: 2, intermediate: { extensions } });
    expectInvalid(() => {
      check(issueTimestampSigner({}, deep).certificateChain);
    }, /expected path length of 1 but certificate has path length 0 instead$/);
  });

  it('judges no time', () => {
    const past = { notBefore: new Date('2001-01-01'), notAfter: new Date('2002-01-01') };
    check(issueTimestampSigner(past).certificateChain);
  });

  it('wants the chain complete, in order, and its root once', () => {
    const [signer, intermediate, root] = tsaSigner.chain;
    if (signer === undefined || intermediate === undefined || root === undefined) throw new Error('no chain');
    expectInvalid(() => {
      check(signerOf([signer, intermediate]).certificateChain);
    }, /^root certificate with subject "CN=TSA Intermediate 1,O=TSA,ST=WA,C=US" is invalid or not self-signed/);
    expectInvalid(() => {
      check(signerOf([signer, root, intermediate]).certificateChain);
    }, /is not issued by/);
    expectInvalid(() => {
      check(signerOf([signer, intermediate, root, tsaAuthority.root]).certificateChain);
    }, /^intermediate certificate with subject "CN=TSA Root,O=TSA,ST=WA,C=US" is self-signed/);
  });

  it('takes a self-signed timestamp certificate, and tells why it does not', () => {
    check(createSelfSigned({ extensions: timestampExtensions }).certificateChain);
    expectInvalid(() => {
      check(createSelfSigned({ extensions: timestampExtensions, subject: 'CN=a', issuer: 'CN=b' }).certificateChain);
    }, 'invalid self-signed certificate. subject: "CN=a". Error: issuer (CN=b) and subject (CN=a) are not the same');
    expectInvalid(() => {
      check(createSelfSigned({ subject: 'CN=a' }).certificateChain);
    }, 'invalid self-signed certificate. Error: timestamp signing certificate with subject "CN=a" must have and only have Timestamping as extended key usage');
    expect.hasAssertions();
  });
});
