// SPDX-License-Identifier: Apache-2.0
import type { RevocationQuestion } from '../../shared/revocation/revocation-question.ts';
import { createCertificateAuthority, type TestSigner } from './certificate-authority.ts';
import { crlDistributionPoints, defaultExtensions, ocspServers } from './certificate-extensions.ts';
import type { Issued } from './revocation-answers.ts';

const authority = createCertificateAuthority({ name: 'revocable' });

/** Addresses and more of a certificate. */
export interface RevocableSpec {
  readonly ocsp?: readonly string[];
  readonly crls?: readonly string[];
  readonly extensions?: readonly Uint8Array[];
  readonly subject?: string;
  readonly serialNumber?: bigint;
}

/** A chain of leaf, intermediate and root whose leaf names responders and CRLs. */
export function revocableSigner({ ocsp = [], crls = [], extensions = [], ...spec }: RevocableSpec = {}): TestSigner {
  const addresses = [
    ...(ocsp.length === 0 ? [] : [ocspServers(...ocsp)]),
    ...(crls.length === 0 ? [] : [crlDistributionPoints(...crls)]),
  ];
  return authority.issue({ ...spec, extensions: [...defaultExtensions.leaf, ...addresses, ...extensions] });
}

/** Leaf and issuer of a signer, for answers about it. */
export function issuedOf({ chain }: TestSigner): Issued {
  const [certificate, issuer] = chain;
  if (certificate === undefined || issuer === undefined) throw new Error('the chain has no issuer');
  return { certificate, issuer };
}

/** The question for a certificate, in the middle of 2026. */
export function questionOf(
  { certificate, issuer }: Issued,
  options: Partial<RevocationQuestion> = {},
): RevocationQuestion {
  return {
    certificate: certificate.certificate,
    issuer: issuer.certificate,
    now: new Date('2026-06-01'),
    authenticSigningTime: undefined,
    ...options,
  };
}
