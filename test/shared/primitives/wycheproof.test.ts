// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type SigningParameters, type VerifyOptions, verifySignature } from '../../../shared/primitives/crypto.ts';
import { wycheproof } from '../../support/wycheproof.ts';

function decide(file: string, parameters: SigningParameters, saltLength: VerifyOptions['saltLength'] = 'digest') {
  return wycheproof(file, (key, message, signature) =>
    verifySignature(parameters, key, message, signature, { saltLength }),
  );
}

const ecdsa = (hash: SigningParameters['hash'], signatureSize: number) =>
  ({ kind: 'ecdsa', hash, signatureSize }) as const;
const pss = (hash: SigningParameters['hash'], signatureSize: number) =>
  ({ kind: 'rsa-pss', hash, signatureSize }) as const;

describe('[SEC-41] [SEC-44] verifySignature, by the vectors of Wycheproof,', () => {
  it.each([
    ['ecdsa_secp256r1_sha256_p1363', 262, ecdsa('sha256', 64)],
    ['ecdsa_secp384r1_sha384_p1363', 280, ecdsa('sha384', 96)],
    ['ecdsa_secp521r1_sha512_p1363', 318, ecdsa('sha512', 132)],
    ['rsa_pss_2048_sha256_mgf1_32', 108, pss('sha256', 256)],
    ['rsa_pss_2048_sha384_mgf1_48', 141, pss('sha384', 256)],
    ['rsa_pss_4096_sha512_mgf1_64', 179, pss('sha512', 512)],
  ])('decides as %s says, %d times', (file, count, parameters) => {
    expect(decide(file, parameters)).toMatchObject({ count, wrong: [] });
  });

  it('takes a salt of another length only where any will do', () => {
    const file = 'rsa_pss_2048_sha256_mgf1_0';
    const prescribed = decide(file, pss('sha256', 256));
    expect(prescribed.accepted).toEqual(['69: s_len changed to 32']);
    const any = decide(file, pss('sha256', 256), 'auto');
    expect(any.accepted).toEqual(expect.arrayContaining([...any.valid]));
    for (const name of any.wrong) expect(name).toContain('s_len');
  });

  it.each([
    ['another hash for MGF1', 'rsa_pss_2048_sha256_mgf1sha1_20'],
    ['keys of type RSASSA-PSS', 'rsa_pss_2048_sha256_mgf1_32_params'],
  ])('refuses %s', (_, file) => {
    expect(decide(file, pss('sha256', 256)).accepted).toEqual([]);
    expect(decide(file, pss('sha256', 256), 'auto').accepted).toEqual([]);
  });

  it('refuses signatures in DER where r and s belong', () => {
    expect(decide('ecdsa_secp256r1_sha256', ecdsa('sha256', 64)).accepted).toEqual([]);
  });
});
