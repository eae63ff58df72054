// SPDX-License-Identifier: Apache-2.0
import { type TrustPolicy, parseTrustPolicy } from '../../shared/trust/policy.ts';

/** Members of a trust policy statement; what is not given is that of a strict statement for everything. */
export type StatementJson = Readonly<Record<string, unknown>>;

/** A trust policy document as text. */
export function policyText(...statements: readonly StatementJson[]): string {
  return JSON.stringify({
    version: '1.0',
    trustPolicies: statements.map((statement) => ({ ...strict, ...statement })),
  });
}

const strict = {
  name: 'default',
  registryScopes: ['*'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:acme'],
  trustedIdentities: ['*'],
};

/** A statement that skips verification has neither stores nor identities. */
export const skipStatement: StatementJson = {
  signatureVerification: { level: 'skip' },
  trustStores: [],
  trustedIdentities: [],
};

/** Parses a document of these statements. */
export function policyOf(...statements: readonly StatementJson[]): TrustPolicy {
  return parsePolicyText(policyText(...statements));
}

export function parsePolicyText(text: string): TrustPolicy {
  return parseTrustPolicy(new TextEncoder().encode(text), 'trustpolicy.json');
}
