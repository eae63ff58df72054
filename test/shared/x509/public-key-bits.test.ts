// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyBits } from '../../../shared/x509/public-key-bits.ts';
import { issueCertificate } from '../../fakes/certificate-authority.ts';

describe('publicKeyBits', () => {
  it.each(['EC-256', 'RSA-2048', 'Ed25519'] as const)('are the end of a %s key in its usual form', (keyType) => {
    for (const version of [1, 3] as const) {
      const { certificate, keys } = issueCertificate('ca', { keyType, version, subject: `CN=${keyType}` });
      const encoded = keys.publicKey.export({ type: 'spki', format: 'der' });
      const bits = publicKeyBits(certificate);
      expect(Buffer.from(bits).equals(encoded.subarray(-bits.length))).toBe(true);
      expect(bits.length).toBe({ 'EC-256': 65, 'RSA-2048': 270, Ed25519: 32 }[keyType]);
      // a key identifier of RFC 5280 section 4.2.1.2
      expect(createHash('sha1').update(bits).digest()).toHaveLength(20);
    }
  });
});
