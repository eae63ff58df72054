// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import type { Certificate } from '../../../shared/x509/certificate.ts';
import { verifyWith } from '../../../shared/x509/signature.ts';
import type { CertificateSignatureAlgorithm } from '../../../shared/x509/signature-algorithm.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { wycheproof } from '../../support/wycheproof.ts';

const { certificate } = createCertificateAuthority().root;

function decide(file: string, algorithm: CertificateSignatureAlgorithm) {
  return wycheproof(file, (publicKey, message, signature) => {
    const publicKeyType = algorithm.keyType === 'ECDSA' ? '*ecdsa.PublicKey' : '*rsa.PublicKey';
    const signer: Certificate = { ...certificate, publicKey, publicKeyType };
    try {
      verifyWith(algorithm, message, signature, signer);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(NotaryError);
      return false;
    }
  });
}

const ecdsa = (hash: CertificateSignatureAlgorithm['hash']): CertificateSignatureAlgorithm => ({
  name: 'ECDSA',
  keyType: 'ECDSA',
  hash,
  pss: false,
});
const pss = (hash: CertificateSignatureAlgorithm['hash']): CertificateSignatureAlgorithm => ({
  name: 'RSA-PSS',
  keyType: 'RSA',
  hash,
  pss: true,
});

describe('[SEC-41] [SEC-44] verifyWith, by the vectors of Wycheproof,', () => {
  it.each([
    ['ecdsa_secp256r1_sha256', 484, ecdsa('sha256')],
    ['ecdsa_secp384r1_sha384', 504, ecdsa('sha384')],
    ['ecdsa_secp521r1_sha512', 542, ecdsa('sha512')],
    ['rsa_pss_2048_sha256_mgf1_32', 108, pss('sha256')],
    ['rsa_pss_2048_sha384_mgf1_48', 141, pss('sha384')],
    ['rsa_pss_4096_sha512_mgf1_64', 179, pss('sha512')],
  ])('decides as %s says, %d times', (file, count, algorithm) => {
    expect(decide(file, algorithm)).toMatchObject({ count, wrong: [] });
  });

  it('refuses r and s without DER around them', () => {
    expect(decide('ecdsa_secp256r1_sha256_p1363', ecdsa('sha256')).accepted).toEqual([]);
  });
});
