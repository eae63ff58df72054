// SPDX-License-Identifier: Apache-2.0
import { stringArrayField } from '../primitives/json-fields.ts';
import { quote } from '../primitives/quote.ts';
import { invalidPolicy } from './invalid.ts';
import { type PolicyKind, parsePolicyDocument } from './policy-document.ts';
import { anyRepository, validateRegistryScope } from './registry-scope.ts';
import type { TrustPolicyStatement } from './statement.ts';

export { policyHelp } from './policy-document.ts';
export type { TrustPolicyStatement } from './statement.ts';

/** A trust policy for OCI artifacts (specs/trust-store-trust-policy.md), of which every rule has been checked. */
export interface TrustPolicy {
  /** In document order; never empty. */
  readonly statements: readonly OciTrustPolicyStatement[];
}

/** What signatures of some repositories must fulfil. */
export interface OciTrustPolicyStatement extends TrustPolicyStatement {
  /** Repositories, or `*` alone. */
  readonly registryScopes: readonly string[];
}

/** Parses a trust policy for OCI artifacts. Throws `trust-policy-invalid` with the reference's words (7.2). */
export function parseTrustPolicy(bytes: Uint8Array, fileName: string): TrustPolicy {
  const kind = {
    prefix: '',
    input: 'trustPolicy',
    decode: (statement) => ({ registryScopes: stringArrayField(statement, 'registryScopes') ?? [] }),
  } as const satisfies PolicyKind<{ registryScopes: readonly string[] }>;
  return { statements: parsePolicyDocument(bytes, fileName, kind, validateScopes) };
}

function validateScopes(statements: readonly OciTrustPolicyStatement[]): void {
  for (const { name, registryScopes } of statements) {
    const statement = `trust policy statement ${quote(name)}`;
    if (registryScopes.length === 0) {
      throw invalidPolicy(
        `${statement} has zero registry scopes, it must specify registry scopes with at least one value`,
      );
    }
    if (registryScopes.length > 1 && registryScopes.includes(anyRepository)) {
      throw invalidPolicy(
        `${statement} uses wildcard registry scope '*', a wildcard scope cannot be used in conjunction with other scope values`,
      );
    }
    for (const scope of registryScopes) if (scope !== anyRepository) validateRegistryScope(scope);
  }
  const seen = new Set<string>();
  for (const scope of statements.flatMap(({ registryScopes }) => registryScopes)) {
    if (seen.has(scope)) {
      throw invalidPolicy(
        `registry scope ${quote(scope)} is present in multiple trust policy statements, ` +
          'one registry scope value can only be associated with one statement',
      );
    }
    seen.add(scope);
  }
}
