// SPDX-License-Identifier: Apache-2.0
import type { CertificateAuthority, TestSigner } from '../../test/fakes/certificate-authority.ts';
import type { Narrator } from './narrator.ts';

/** What every part of the demo works with. */
export interface Scene {
  readonly narrator: Narrator;
  /** `host:port`. */
  readonly registry: string;
  readonly repository: string;
  /** Digest of the image index. */
  readonly digest: string;
  readonly authority: CertificateAuthority;
  readonly signer: TestSigner;
}

/** The repository's trust files: a strict policy for this repository, and the root of the demo's authority. */
export function trustFiles({ registry, repository, authority }: Scene): { policy: string; root: string } {
  const statement = {
    name: 'demo images',
    registryScopes: [`${registry}/${repository}`],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:demo'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=Demo'],
  };
  return {
    policy: JSON.stringify({ version: '1.0', trustPolicies: [statement] }, undefined, 2),
    root: authority.root.pem,
  };
}
