// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { booleanField } from '../primitives/json-fields.ts';
import { quote } from '../primitives/quote.ts';
import { invalidPolicy } from './invalid.ts';
import { type PolicyKind, parsePolicyDocument } from './policy-document.ts';
import type { TrustPolicyStatement } from './statement.ts';

/** A trust policy for files, `trustpolicy.blob.json` (specs/trust-store-trust-policy.md "Blob trust policy"). */
export interface BlobTrustPolicy {
  /** In document order; never empty. */
  readonly statements: readonly BlobTrustPolicyStatement[];
}

/** What signatures of files must fulfil when this statement is named, or none is and this is the global one. */
export interface BlobTrustPolicyStatement extends TrustPolicyStatement {
  readonly globalPolicy: boolean;
}

/** Parses a trust policy for files. Throws `trust-policy-invalid` with the reference's words (7.3). */
export function parseBlobTrustPolicy(bytes: Uint8Array, fileName: string): BlobTrustPolicy {
  let globals = 0;
  const kind = {
    prefix: 'blob ',
    input: 'blobTrustPolicy',
    decode: (statement) => ({ globalPolicy: booleanField(statement, 'globalPolicy') }),
    check: ({ globalPolicy }) => {
      if (!globalPolicy || ++globals === 1) return;
      throw invalidPolicy(
        'multiple blob trust policy statements have globalPolicy set to true. ' +
          'Only one trust policy statement can be marked as global policy',
      );
    },
  } satisfies PolicyKind<{ globalPolicy: boolean }>;
  return { statements: parsePolicyDocument(bytes, fileName, kind) };
}

/** The statement with a name, or the global one when no name is given. Throws `trust-policy-not-applicable`. */
export function selectBlobStatement(
  { statements }: BlobTrustPolicy,
  name: string | undefined,
): BlobTrustPolicyStatement {
  if (name?.trim() === '')
    throw notApplicable('policy name cannot be empty', 'Name a statement in {input:blobPolicyName}.');
  const names = `The statements are ${statements
    .slice(0, shownNames)
    .map((statement) => quote(statement.name))
    .join(', ')}.`;
  if (name !== undefined) {
    const named = statements.find((statement) => statement.name === name);
    if (named !== undefined) return named;
    throw notApplicable(
      `no applicable blob trust policy with name ${quote(name)}`,
      `Correct {input:blobPolicyName}. ${names}`,
    );
  }
  const global = statements.find(({ globalPolicy }) => globalPolicy);
  if (global !== undefined) return global;
  const hint = `Name a statement in {input:blobPolicyName}, or set globalPolicy of one to true. ${names}`;
  throw notApplicable('no global blob trust policy', hint);
}

/** Enough to see a misspelling, few enough for a message. */
const shownNames = 20;

function notApplicable(text: string, hint: string): NotaryError {
  return new NotaryError('trust-policy-not-applicable', text, { hint });
}
