// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { decodeBase64Url } from '../primitives/base64.ts';
import { type Instant, isZeroInstant } from '../primitives/instant.ts';
import type { GoJson } from '../primitives/json-encode.ts';
import { objectOf, stringArrayField, stringField, timeField } from '../primitives/json-fields.ts';
import { parseJson } from '../primitives/json.ts';
import { plainJson } from '../primitives/json-plain.ts';
import { quote } from '../primitives/quote.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from './algorithm.ts';
import { claimNames } from './attributes.ts';
import type { Claims, ExtendedAttribute } from './content.ts';
import { invalidEnvelope, readingEnvelope } from './envelope-error.ts';
import { isKnownScheme } from './request.ts';

/** Claims of the JWS protected header (specs/signature-envelope-jws.md "Protected headers"). */
export interface JwsProtectedHeader {
  readonly algorithm: string;
  readonly contentType: string;
  readonly critical: readonly string[];
  readonly signingScheme: string;
  readonly signingTime: Instant | undefined;
  readonly authenticSigningTime: Instant | undefined;
  readonly expiry: Instant | undefined;
  /** Members whose names are not spelled exactly as one of the above. */
  readonly extended: ReadonlyMap<string, GoJson>;
}

/** Names of the claims, as they are spelled. */
export const jwsClaimNames = [
  'alg',
  'cty',
  'crit',
  claimNames.expiry,
  claimNames.signingTime,
  claimNames.signingScheme,
  claimNames.authenticSigningTime,
] as const;

/**
 * Decodes a protected header. Claims match by any case, while extended attributes are what is not spelled exactly as a
 * claim: `CTY` is both (reference 2.5). Throws `envelope-invalid`.
 */
export function parseProtectedHeader(encoded: string): JwsProtectedHeader {
  return readingEnvelope(() => {
    const header = objectOf(parseJson(decodeBase64Url(encoded)), 'protected header');
    return {
      algorithm: stringField(header, 'alg'),
      contentType: stringField(header, 'cty'),
      critical: stringArrayField(header, 'crit') ?? [],
      signingScheme: stringField(header, claimNames.signingScheme),
      signingTime: timeField(header, claimNames.signingTime),
      authenticSigningTime: timeField(header, claimNames.authenticSigningTime),
      expiry: timeField(header, claimNames.expiry),
      extended: withoutClaims(plainJson(header)),
    };
  }, "jws envelope protected header can't be decoded: ");
}

function withoutClaims(plain: GoJson): ReadonlyMap<string, GoJson> {
  const extended = new Map(plain as ReadonlyMap<string, GoJson>);
  for (const name of jwsClaimNames) extended.delete(name);
  return extended;
}

/** Judges scheme, critical list and algorithm, in this order. Throws `envelope-invalid` or `algorithm-unsupported`. */
export function readJwsClaims(header: JwsProtectedHeader): { algorithm: SignatureAlgorithm; claims: Claims } {
  const { signingScheme, expiry } = header;
  if (!isKnownScheme(signingScheme)) throw invalidEnvelope(`unsupported SigningScheme: \`${signingScheme}\``);
  const bySigningAuthority = signingScheme === 'notary.x509.signingAuthority';
  checkSchemeTimes(header, bySigningAuthority);
  checkCritical(header, bySigningAuthority);
  const algorithm = signatureAlgorithms.find(({ jws }) => jws === header.algorithm);
  if (algorithm === undefined) {
    throw new NotaryError('algorithm-unsupported', `signature algorithm ${quote(header.algorithm)} is not supported`);
  }
  const signingTime = bySigningAuthority ? header.authenticSigningTime : header.signingTime;
  return { algorithm, claims: { signingScheme, signingTime, expiry, extended: extendedAttributes(header) } };
}

/** Each scheme has a time claim of its own and excludes the other's. */
function checkSchemeTimes(header: JwsProtectedHeader, bySigningAuthority: boolean): void {
  const { signingTime, authenticSigningTime } = claimNames;
  if (!bySigningAuthority) {
    if (header.authenticSigningTime === undefined) return;
    throw invalidEnvelope(`${quote(authenticSigningTime)} header must not be present for notary.x509 signing scheme`);
  }
  if (header.signingTime !== undefined) {
    const scheme = 'notary.x509.signingAuthority';
    throw invalidEnvelope(`${quote(signingTime)} header must not be present for ${scheme} signing scheme`);
  }
  if (header.authenticSigningTime === undefined) {
    // the reference names the other scheme here, and pipelines match on its text
    throw invalidEnvelope(`${quote(authenticSigningTime)} header must be present for notary.x509 signing scheme`);
  }
}

/** Every critical name is required or an extended attribute, and every required one is critical, once. */
function checkCritical(header: JwsProtectedHeader, bySigningAuthority: boolean): void {
  if (header.critical.length === 0) throw invalidEnvelope('missing "crit" header');
  const required = new Set<string>([claimNames.signingScheme]);
  if (header.expiry !== undefined && !isZeroInstant(header.expiry)) required.add(claimNames.expiry);
  if (bySigningAuthority) required.add(claimNames.authenticSigningTime);
  for (const name of header.critical) {
    if (!required.delete(name) && !header.extended.has(name)) {
      throw invalidEnvelope(`${quote(name)} header is marked critical but not present`);
    }
  }
  if (required.size > 0) {
    throw invalidEnvelope(`these required headers are not marked as critical: [${[...required].join(' ')}]`);
  }
}

function extendedAttributes(header: JwsProtectedHeader): readonly ExtendedAttribute[] {
  const critical = new Set(header.critical);
  return [...header.extended].map(([key, value]) => ({ key, critical: critical.has(key), value }));
}
