// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { thumbprint } from '../../../shared/x509/thumbprint.ts';
import { issueCertificate } from '../../fakes/certificate-authority.ts';

it('is the SHA-256 of the certificate in lower-case hex', () => {
  const { certificate, der } = issueCertificate('leaf');
  const expected = new X509Certificate(der).fingerprint256.replaceAll(':', '').toLowerCase();
  expect(thumbprint(certificate)).toBe(expected);
});
