// SPDX-License-Identifier: Apache-2.0
import { assert, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { parsePkcs7Certificates } from '../../../shared/x509/pkcs7-certificates.ts';
import { pkcs7Of } from '../../fakes/artifact-signing.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { oid, sequence } from '../../fakes/der.ts';

const { chainDer } = createCertificateAuthority().issue();

describe('certificates of PKCS #7', () => {
  it('are given in their order', () => {
    const reversed = chainDer.toReversed();
    expect(parsePkcs7Certificates(pkcs7Of(reversed)).map(({ der }) => Buffer.from(der))).toEqual(
      reversed.map((der) => Buffer.from(der)),
    );
  });

  it('may be none', () => {
    expect(parsePkcs7Certificates(pkcs7Of([]))).toEqual([]);
  });

  it('are only in signed data', () => {
    const data = sequence(oid('1.2.840.113549.1.7.1'));
    expect(() => parsePkcs7Certificates(data)).toThrow('content type is not signed-data');
  });

  it('are certificates, or it is an error of ours', () => {
    expect(() => parsePkcs7Certificates(pkcs7Of([Buffer.from([0x30, 0])]))).toThrow(NotaryError);
    const whole = Buffer.from(pkcs7Of(chainDer));
    assert(
      property(uint8Array({ minLength: 1, maxLength: 8 }), (bytes) => {
        for (const broken of [bytes, Buffer.concat([whole.subarray(0, bytes[0]), bytes])]) {
          try {
            parsePkcs7Certificates(broken);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        }
      }),
    );
  });
});
