// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { noRevocationSource } from '../../../shared/adapters/revocation-unavailable.ts';
import { createCertificateAuthority, createSelfSigned } from '../../fakes/certificate-authority.ts';
import { crlDistributionPoints, defaultExtensions, ocspServers } from '../../fakes/certificate-extensions.ts';
import type { CertificateChain } from '../../../shared/x509/certificate.ts';

async function statuses(chain: CertificateChain): Promise<string[]> {
  return (await noRevocationSource.check(chain, 'codeSigning', undefined)).map(({ status }) => status);
}

const addresses = [ocspServers('http://o.example'), crlDistributionPoints('http://c.example/a.crl')];
const intermediate = { extensions: [...defaultExtensions.ca, ...addresses] };

describe('noRevocationSource', () => {
  it('[NP-309] finds certificates without addresses not revokable', async () => {
    expect(await statuses(createCertificateAuthority().issue().certificateChain)).toEqual([
      'not-revokable',
      'not-revokable',
      'not-revokable',
    ]);
  });

  it('finds every other one unknown, and says why', async () => {
    const { certificateChain } = createCertificateAuthority({ intermediate }).issue();
    const [leaf, issuer, root] = await noRevocationSource.check(certificateChain, 'codeSigning', undefined);
    expect([leaf?.status, issuer?.status, root?.status]).toEqual(['not-revokable', 'unknown', 'not-revokable']);
    expect(issuer?.reason).toBe(
      'could not be determined: OCSP and CRLs are not available yet, and the certificate names http://o.example',
    );
  });

  it('[NP-319] never checks the last certificate', async () => {
    const { certificateChain } = createSelfSigned({ extensions: [...defaultExtensions.leaf, ...addresses] });
    expect(await statuses(certificateChain)).toEqual(['not-revokable']);
  });
});
