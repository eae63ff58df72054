// SPDX-License-Identifier: Apache-2.0
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import type { TestCertificate, TestSigner } from '../fakes/certificate-authority.ts';
import { policyText } from '../fakes/trust-policy.ts';
import type { StatementJson } from '../fakes/trust-policy.ts';
import type { GitHubJob } from './github-runner.ts';

/** A signer below a throwaway authority, whose certificates need no revocation check. */
export function createSigner(
  name = 'Test',
  subject?: string,
): { readonly root: TestCertificate; readonly signer: TestSigner } {
  const authority = createCertificateAuthority({ name });
  return { root: authority.root, signer: authority.issue(subject === undefined ? {} : { subject }) };
}

/** The inputs of a sign step that name a key. */
export function keyInputs(signer: TestSigner): Record<string, string> {
  return { private_key: signer.privateKeyPem, certificate_chain: signer.chainPem };
}

/** Writes policy and store at the places that verify looks at without inputs, or below another folder. */
export async function writeTrust(
  job: GitHubJob,
  roots: readonly TestCertificate[],
  {
    folder = '.github',
    store = 'acme',
    statement = {},
  }: { folder?: string; store?: string; statement?: StatementJson } = {},
): Promise<void> {
  await job.writeWorkspaceFile(
    `${folder}/trustpolicy/trustpolicy.json`,
    policyText({ trustStores: [`ca:${store}`], ...statement }),
  );
  for (const [index, root] of roots.entries()) {
    await job.writeWorkspaceFile(`${folder}/truststore/x509/ca/${store}/root-${index}.pem`, root.pem);
  }
}
