// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isSignedWithKeyOf, verifySelfSigned, verifySignedBy } from '../../../shared/x509/signature.ts';
import { createCertificateAuthority, issueCertificate } from '../../fakes/certificate-authority.ts';
import { integer, sequence } from '../../fakes/der.ts';
import { expectError } from '../../support/expect-error.ts';

const { root } = createCertificateAuthority();

function refuse(work: () => void, message: string): void {
  expectError(work, 'chain-invalid', message);
}

describe('verifySignedBy', () => {
  it.each(['EC-224', 'EC-256', 'EC-384', 'EC-521', 'RSA-1024', 'RSA-2048', 'RSA-3072', 'Ed25519'] as const)(
    'verifies with a key of type %s',
    (keyType) => {
      const parent = issueCertificate('ca', { keyType });
      const child = issueCertificate('leaf', {}, parent);
      expect(() => {
        verifySignedBy(child.certificate, parent.certificate);
      }).not.toThrow();
      expect(isSignedWithKeyOf(child.certificate, parent.certificate)).toBe(true);
      expect(isSignedWithKeyOf(child.certificate, root.certificate)).toBe(false);
    },
  );

  it.each([
    ['RSA-2048', 'crypto/rsa: verification error'],
    ['EC-256', 'x509: ECDSA verification failure'],
    ['Ed25519', 'x509: Ed25519 verification failure'],
  ] as const)('refuses changed signatures of type %s', (keyType, message) => {
    const change = (signature: Uint8Array) =>
      signature.map((byte, i) => (i === signature.length - 1 ? byte ^ 1 : byte));
    const { certificate } = issueCertificate('ca', { keyType, editSignature: change });
    refuse(() => {
      verifySignedBy(certificate, certificate);
    }, message);
  });

  it('refuses an algorithm that does not fit the key of the parent', () => {
    const { certificate: rsa } = issueCertificate('ca', { keyType: 'RSA-2048' });
    const { certificate: ed25519 } = issueCertificate('ca', { keyType: 'Ed25519' });
    refuse(() => {
      verifySignedBy(rsa, root.certificate);
    }, 'x509: signature algorithm specifies an RSA public key, but have public key of type *ecdsa.PublicKey');
    refuse(() => {
      verifySignedBy(root.certificate, rsa);
    }, 'x509: signature algorithm specifies an ECDSA public key, but have public key of type *rsa.PublicKey');
    refuse(() => {
      verifySignedBy(root.certificate, ed25519);
    }, 'x509: signature algorithm specifies an ECDSA public key, but have public key of type ed25519.PublicKey');
  });

  it.each(['SHA1-RSA', 'MD5-RSA'] as const)('refuses %s', (signatureAlgorithm) => {
    const { certificate } = issueCertificate('ca', { keyType: 'RSA-2048', signatureAlgorithm });
    refuse(() => {
      verifySignedBy(certificate, certificate);
    }, `x509: cannot verify signature: insecure algorithm ${signatureAlgorithm}`);
  });
});

describe('ECDSA signatures', () => {
  const edited: Record<string, (signature: Uint8Array) => Uint8Array> = {
    'trailing bytes': (signature) => Uint8Array.of(...signature, 0),
    'a third number': (signature) => sequence(signature.subarray(2), integer(1)),
    'a negative number': (signature) => sequence(signature.subarray(2, 4 + (signature[3] ?? 0)), integer(-1)),
    'a length that is not minimal': (signature) => Uint8Array.of(0x30, 0x81, ...signature.subarray(1)),
    zeros: () => sequence(integer(0), integer(0)),
  };

  it.each(Object.entries(edited))('are refused with %s', (_, editSignature) => {
    const { certificate } = issueCertificate('ca', { editSignature });
    refuse(() => {
      verifySelfSigned(certificate);
    }, 'x509: ECDSA verification failure');
  });
});

describe('verifySelfSigned', () => {
  it('takes SHA-1, and does not ask whether the certificate may sign', () => {
    const rsa = issueCertificate('leaf', { keyType: 'RSA-2048', signatureAlgorithm: 'SHA1-RSA' });
    const ec = issueCertificate('leaf', { signatureAlgorithm: 'ECDSA-SHA1' });
    for (const { certificate } of [rsa, ec]) {
      expect(() => {
        verifySelfSigned(certificate);
      }).not.toThrow();
    }
  });

  it('refuses MD5', () => {
    const { certificate } = issueCertificate('leaf', { keyType: 'RSA-2048', signatureAlgorithm: 'MD5-RSA' });
    refuse(() => {
      verifySelfSigned(certificate);
    }, 'x509: cannot verify signature: insecure algorithm MD5-RSA');
  });
});
