// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import { type DistinguishedName, parseDistinguishedName } from '../x509/distinguished-name.ts';
import { invalidPolicy, within } from './invalid.ts';

/** A trusted identity as a trust policy lists it. */
export type TrustedIdentity = AnyIdentity | SubjectIdentity | OtherIdentity;

/** `*`: every signer whose certificate is trusted. */
export interface AnyIdentity {
  readonly kind: 'any';
  readonly text: string;
}

/** `x509.subject: <distinguished name>`. */
export interface SubjectIdentity {
  readonly kind: 'subject';
  readonly text: string;
  readonly name: DistinguishedName;
}

/** Any other prefix: only a verification plugin could know what it means. */
export interface OtherIdentity {
  readonly kind: 'other';
  readonly text: string;
}

const anyIdentity = '*';
const subjectPrefix = 'x509.subject';

/** Parses `trustedIdentities` of the statement with this name; throws `trust-policy-invalid`. */
export function parseTrustedIdentities(values: readonly string[], statementName: string): TrustedIdentity[] {
  const statement = `trust policy statement ${quote(statementName)}`;
  if (values.length > 1 && values.includes(anyIdentity)) {
    throw invalidPolicy(
      `${statement} uses a wildcard trusted identity '*', a wildcard identity cannot be used in conjunction with other values`,
    );
  }
  const identities = values.map((value) => parseTrustedIdentity(value, statement));
  refuseOverlaps(identities, statement);
  return identities;
}

function parseTrustedIdentity(text: string, statement: string): TrustedIdentity {
  if (text === '') throw invalidPolicy(`${statement} has an empty trusted identity`);
  if (text === anyIdentity) return { kind: 'any', text };
  const colon = text.indexOf(':');
  const trusted = `${statement} has trusted identity ${quote(text)}`;
  if (colon < 0) throw invalidPolicy(`${trusted} missing separator`, subjectHint);
  if (text.slice(0, colon) !== subjectPrefix) return { kind: 'other', text };
  const value = text.slice(colon + 1);
  if (value === '') throw invalidPolicy(`${trusted} without an identity value`, subjectHint);
  const name = within(`${trusted} with invalid identity value: `, () => parseDistinguishedName(value));
  return { kind: 'subject', text, name };
}

const subjectHint = 'An identity is "*" or, for example, "x509.subject: C=US, ST=WA, O=acme-rockets.io".';

function refuseOverlaps(identities: readonly TrustedIdentity[], statement: string): void {
  const subjects = identities.filter((identity) => identity.kind === 'subject');
  for (const [index, one] of subjects.entries()) {
    for (const [otherIndex, other] of subjects.entries()) {
      if (index === otherIndex || !isSubset(one.name, other.name)) continue;
      throw invalidPolicy(
        `${statement} has overlapping x509 trustedIdentities, ${quote(one.text)} overlaps with ${quote(other.text)}`,
      );
    }
  }
}

/** Whether every attribute of a name stands with the same value in another one, wherever. */
function isSubset(name: DistinguishedName, other: DistinguishedName): boolean {
  // an attribute that is empty counts as one that is not there
  for (const [type, value] of name) if ((other.get(type) ?? '') !== value) return false;
  return true;
}

/** The identity that a signer has, or why the policy trusts none of its. */
export type IdentityMatch = { readonly identity: TrustedIdentity } | { readonly error: string };

/**
 * Finds the trusted identity of a signing certificate with this subject (as `Certificate.subject` has it). Values are
 * compared exactly; the subject must itself be a name that a policy could hold, unless any identity is trusted.
 */
export function matchTrustedIdentity(
  identities: readonly TrustedIdentity[],
  statementName: string,
  leafSubject: string,
): IdentityMatch {
  const any = identities.find(({ kind }) => kind === 'any');
  if (any !== undefined) return { identity: any };
  const subjects = identities.filter((identity) => identity.kind === 'subject');
  if (subjects.length === 0) {
    return { error: `no x509 trusted identities are configured in the trust policy ${quote(statementName)}` };
  }
  const leaf = parseSubject(leafSubject);
  if ('error' in leaf) return leaf;
  const identity = subjects.find(({ name }) => isSubset(name, leaf.name));
  if (identity !== undefined) return { identity };
  const names = subjects.map(({ name }) => goMap(name)).join(' ');
  return {
    error:
      'signing certificate from the digital signature does not match the X.509 trusted identities ' +
      `[${names}] defined in the trust policy ${quote(statementName)}`,
  };
}

function parseSubject(subject: string): { readonly name: DistinguishedName } | { readonly error: string } {
  try {
    return { name: parseDistinguishedName(subject) };
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    const error = `error while parsing the certificate subject from the digital signature. error : ${quote(thrown.message)}`;
    return { error };
  }
}

/** A name as Go's `%q` prints a map. */
function goMap(name: DistinguishedName): string {
  const types = [...name.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `map[${types.map((type) => `${quote(type)}:${quote(name.get(type) ?? '')}`).join(' ')}]`;
}
