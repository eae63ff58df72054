// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseTimestampRoot } from '../../../shared/timestamp/root-certificate.ts';
import { createSelfSigned, issueCertificate } from '../../fakes/certificate-authority.ts';
import { tsaAuthority } from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const expecting = 'Expecting single x509 root certificate in PEM or DER format from the file';
const { root, intermediates } = tsaAuthority;

function expectUnfit(file: Uint8Array, message: string | RegExp): void {
  expectError(() => parseTimestampRoot(file, '"tsa.pem"'), 'certificate-file', message);
}

describe('parseTimestampRoot', () => {
  it.each([
    ['PEM', Buffer.from(root.pem)],
    ['DER', root.der],
  ])('reads a root from %s', (_, file) => {
    expect(Buffer.from(parseTimestampRoot(file, '').der)).toEqual(Buffer.from(root.der));
  });

  it('[NP-307] wants exactly one certificate', () => {
    expectUnfit(new Uint8Array(), `cannot find any certificate from "tsa.pem". ${expecting}`);
    const two = `found more than one certificates from "tsa.pem". ${expecting}`;
    expectUnfit(Buffer.from(root.pem + root.pem), two);
    expectUnfit(Buffer.concat([root.der, root.der]), two);
    expectError(() => parseTimestampRoot(Buffer.from('text'), ''), 'certificate-invalid', /^x509: /);
  });

  it('[NP-307] wants a CA that signed itself', () => {
    const failed = /^failed to check root certificate with error: x509: /;
    for (const intermediate of intermediates) expectUnfit(intermediate.der, failed);
    expectUnfit(createSelfSigned().leaf.der, failed);
    const renamed = issueCertificate('ca', { subject: 'CN=a', issuer: 'CN=b' });
    expectUnfit(renamed.der, `certificate from "tsa.pem" is not a root certificate. ${expecting}`);
  });
});
