// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import { type OciTrustPolicyStatement, type TrustPolicy, policyHelp } from './policy.ts';
import { anyRepository, validateRegistryScope } from './registry-scope.ts';

/** The statement that applies to an artifact, and the registry scope of it that matched. */
export interface SelectedStatement {
  readonly statement: OciTrustPolicyStatement;
  readonly scope: string;
}

/**
 * Selects the statement for `registry/repository@digest`: the one whose scope is exactly the repository, else the one for
 * all. Throws `trust-policy-not-applicable`. Nothing is normalised: `docker.io` and `index.docker.io` differ.
 */
export function selectStatement(policy: TrustPolicy, reference: string): SelectedStatement {
  const repository = repositoryOf(reference);
  for (const scope of [repository, anyRepository]) {
    const statement = policy.statements.find(({ registryScopes }) => registryScopes.includes(scope));
    if (statement !== undefined) return { statement, scope };
  }
  const text =
    `artifact ${quote(reference)} has no applicable trust policy statement. Trust policy applicability for a given ` +
    `artifact is determined by registryScopes. ${policyHelp}`;
  const scopes = policy.statements.flatMap(({ registryScopes }) => registryScopes).slice(0, shownScopes);
  throw new NotaryError('trust-policy-not-applicable', text, {
    hint:
      `Add ${quote(repository)} (or "*") to the registryScopes of a statement of {input:trustPolicy}; ` +
      `it has ${scopes.map(quote).join(', ')}.`,
  });
}

/** Enough to see a misspelling, few enough for a message. */
const shownScopes = 20;

function repositoryOf(reference: string): string {
  const at = reference.lastIndexOf('@');
  if (at < 0) {
    throw notApplicable(
      `artifact URI ${quote(reference)} could not be parsed, make sure it is the fully qualified oci artifact URI ` +
        'without the scheme/protocol. e.g domain.com:80/my/repository@sha256:digest',
    );
  }
  const repository = reference.slice(0, at);
  try {
    validateRegistryScope(repository);
  } catch (thrown) {
    throw thrown instanceof NotaryError ? notApplicable(thrown.message) : thrown;
  }
  return repository;
}

function notApplicable(text: string): NotaryError {
  return new NotaryError('trust-policy-not-applicable', text);
}
