// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import {
  arrayField,
  objectField,
  objectOf,
  stringArrayField,
  stringField,
  stringMapField,
} from '../primitives/json-fields.ts';
import { type JsonObject, type JsonValue, parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import { type TrustedIdentity, parseTrustedIdentities } from './identity.ts';
import { invalidPolicy, within } from './invalid.ts';
import { type VerificationLevel, parseLevel } from './level.ts';
import { type NamedStore, parseNamedStore } from './named-store.ts';
import { anyRepository, validateRegistryScope } from './registry-scope.ts';

/** A trust policy for OCI artifacts (specs/trust-store-trust-policy.md), of which every rule has been checked. */
export interface TrustPolicy {
  /** In document order; never empty. */
  readonly statements: readonly TrustPolicyStatement[];
}

/** What signatures of some repositories must fulfil. */
export interface TrustPolicyStatement {
  readonly name: string;
  /** Repositories, or `*` alone. */
  readonly registryScopes: readonly string[];
  readonly level: VerificationLevel;
  /** When a timestamp is required of a statement that lists a `tsa` store. */
  readonly verifyTimestamp: 'always' | 'afterCertExpiry';
  /** Empty only at level skip. */
  readonly trustStores: readonly NamedStore[];
  /** Empty only at level skip. */
  readonly trustedIdentities: readonly TrustedIdentity[];
}

/** Where the reference sends those who have no policy, or a broken one. */
export const policyHelp =
  'To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy';

/**
 * Parses a trust policy file as the reference loads it: unknown members are ignored, names match in any letter case, and
 * nothing is read after the first JSON value. Throws `trust-policy-invalid` with the reference's words.
 */
export function parseTrustPolicy(bytes: Uint8Array, fileName: string): TrustPolicy {
  try {
    return validateDocument(decodeDocument(bytes, fileName));
  } catch (thrown) {
    if (!(thrown instanceof NotaryError) || thrown.code !== 'trust-policy-invalid') throw thrown;
    const hint = [`Correct ${fileName} ({input:trustPolicy}).`, ...(thrown.hint === undefined ? [] : [thrown.hint])];
    const { code, message, cause, location } = thrown;
    throw new NotaryError(code, message, { hint: hint.join(' '), cause, location });
  }
}

/** A statement as JSON gives it: of the right types, absent members empty. */
interface RawStatement {
  readonly name: string;
  readonly registryScopes: readonly string[];
  readonly level: string;
  readonly override: ReadonlyMap<string, string>;
  readonly verifyTimestamp: string;
  readonly trustStores: readonly string[];
  readonly trustedIdentities: readonly string[];
}

interface RawDocument {
  readonly version: string;
  readonly statements: readonly RawStatement[];
}

function decodeDocument(bytes: Uint8Array, fileName: string): RawDocument {
  try {
    const document = objectOf(parseJson(bytes, { trailing: 'ignore' }), 'trust policy');
    const statements = arrayField(document, 'trustPolicies')?.items ?? [];
    return { version: stringField(document, 'version'), statements: statements.map(decodeStatement) };
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    const text = `malformed trust policy. ${policyHelp} (${fileName}: ${thrown.message})`;
    const location = thrown.location === undefined ? undefined : { ...thrown.location, file: fileName };
    throw new NotaryError('trust-policy-invalid', text, { cause: thrown, location });
  }
}

function decodeStatement(value: JsonValue): RawStatement {
  const statement = objectOf(value, 'trustPolicies');
  const empty: JsonObject = { kind: 'object', at: statement.at, members: [] };
  const verification = objectField(statement, 'signatureVerification') ?? empty;
  return {
    name: stringField(statement, 'name'),
    registryScopes: stringArrayField(statement, 'registryScopes') ?? [],
    level: stringField(verification, 'level'),
    override: stringMapField(verification, 'override') ?? new Map(),
    verifyTimestamp: stringField(verification, 'verifyTimestamp'),
    trustStores: stringArrayField(statement, 'trustStores') ?? [],
    trustedIdentities: stringArrayField(statement, 'trustedIdentities') ?? [],
  };
}

function validateDocument({ version, statements }: RawDocument): TrustPolicy {
  if (version === '') {
    throw invalidPolicy('trust policy document has empty version, version must be specified', 'The version is "1.0".');
  }
  if (version !== '1.0') {
    const text = `trust policy document uses unsupported version ${quote(version)}`;
    throw invalidPolicy(text, 'The version is "1.0".');
  }
  if (statements.length === 0) {
    throw invalidPolicy('trust policy document can not have zero trust policy statements');
  }
  const names = new Set<string>();
  const validated = statements.map((statement) => {
    if (names.has(statement.name)) {
      throw invalidPolicy(
        `multiple trust policy statements use the same name ${quote(statement.name)}, statement names must be unique`,
      );
    }
    names.add(statement.name);
    return within('trust policy: ', () => validateStatement(statement));
  });
  validateScopes(validated);
  return { statements: validated };
}

function validateStatement(raw: RawStatement): TrustPolicyStatement {
  const { name, registryScopes } = raw;
  if (name === '') throw invalidPolicy('a trust policy statement is missing a name, every statement requires a name');
  const statement = `trust policy statement ${quote(name)}`;
  const invalidVerification = `${statement} has invalid signatureVerification: `;
  const level = within(invalidVerification, () => parseLevel(raw.level, raw.override));
  const verifyTimestamp = within(invalidVerification, () => parseVerifyTimestamp(raw.verifyTimestamp));
  refuseListsThatDoNotFit(raw, level, statement);
  const trustStores = raw.trustStores.map((value) => parseNamedStore(value, name));
  const trustedIdentities = parseTrustedIdentities(raw.trustedIdentities, name);
  return { name, registryScopes, level, verifyTimestamp, trustStores, trustedIdentities };
}

function parseVerifyTimestamp(text: string): TrustPolicyStatement['verifyTimestamp'] {
  if (text === '' || text === 'always') return 'always';
  if (text === 'afterCertExpiry') return text;
  throw invalidPolicy(`verifyTimestamp must be "always" or "afterCertExpiry", but got ${quote(text)}`);
}

function refuseListsThatDoNotFit(raw: RawStatement, level: VerificationLevel, statement: string): void {
  const { trustStores, trustedIdentities } = raw;
  if (level.name === 'skip' && trustStores.length + trustedIdentities.length > 0) {
    throw invalidPolicy(
      `${statement} is set to skip signature verification but configured with trust stores and/or trusted identities, ` +
        'remove them if signature verification needs to be skipped',
    );
  }
  if (level.name !== 'skip' && (trustStores.length === 0 || trustedIdentities.length === 0)) {
    throw invalidPolicy(`${statement} is either missing trust stores or trusted identities, both must be specified`);
  }
}

function validateScopes(statements: readonly TrustPolicyStatement[]): void {
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
