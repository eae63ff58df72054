// SPDX-License-Identifier: Apache-2.0
import { objectField, stringArrayField, stringField, stringMapField } from '../primitives/json-fields.ts';
import type { JsonObject } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import { type TrustedIdentity, parseTrustedIdentities } from './identity.ts';
import { invalidPolicy, within } from './invalid.ts';
import { type VerificationLevel, parseLevel } from './level.ts';
import { type NamedStore, parseNamedStore } from './named-store.ts';

/** What signatures must fulfil: the part of a statement that policies of every kind have. */
export interface TrustPolicyStatement {
  readonly name: string;
  readonly level: VerificationLevel;
  /** When a timestamp is required of a statement that lists a `tsa` store. */
  readonly verifyTimestamp: 'always' | 'afterCertExpiry';
  /** Empty only at level skip. */
  readonly trustStores: readonly NamedStore[];
  /** Empty only at level skip. */
  readonly trustedIdentities: readonly TrustedIdentity[];
}

/** A statement as JSON gives it: of the right types, absent members empty. */
export interface RawStatement {
  readonly name: string;
  readonly level: string;
  readonly override: ReadonlyMap<string, string>;
  readonly verifyTimestamp: string;
  readonly trustStores: readonly string[];
  readonly trustedIdentities: readonly string[];
}

/** Reads the members of a statement. Throws `malformed`. */
export function decodeStatement(statement: JsonObject): RawStatement {
  const empty: JsonObject = { kind: 'object', at: statement.at, members: [] };
  const verification = objectField(statement, 'signatureVerification') ?? empty;
  return {
    name: stringField(statement, 'name'),
    level: stringField(verification, 'level'),
    override: stringMapField(verification, 'override') ?? new Map(),
    verifyTimestamp: stringField(verification, 'verifyTimestamp'),
    trustStores: stringArrayField(statement, 'trustStores') ?? [],
    trustedIdentities: stringArrayField(statement, 'trustedIdentities') ?? [],
  };
}

/** The rules that hold for statements of every kind (reference 7.4), in order. Throws `trust-policy-invalid`. */
export function validateStatement(raw: RawStatement): TrustPolicyStatement {
  const { name } = raw;
  if (name === '') throw invalidPolicy('a trust policy statement is missing a name, every statement requires a name');
  const statement = `trust policy statement ${quote(name)}`;
  const invalidVerification = `${statement} has invalid signatureVerification: `;
  const level = within(invalidVerification, () => parseLevel(raw.level, raw.override));
  const verifyTimestamp = within(invalidVerification, () => parseVerifyTimestamp(raw.verifyTimestamp));
  refuseListsThatDoNotFit(raw, level, statement);
  const trustStores = raw.trustStores.map((value) => parseNamedStore(value, name));
  const trustedIdentities = parseTrustedIdentities(raw.trustedIdentities, name);
  return { name, level, verifyTimestamp, trustStores, trustedIdentities };
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
