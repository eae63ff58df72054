// SPDX-License-Identifier: Apache-2.0
import { type CborItem, isNil } from '../primitives/cbor-item.ts';
import { withoutSelfDescription } from '../primitives/cbor-validity.ts';
import { plainCbor } from '../primitives/cbor-plain.ts';
import { type Instant, instantOfUnix } from '../primitives/instant.ts';
import { quote } from '../primitives/quote.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from './algorithm.ts';
import { claimNames } from './attributes.ts';
import type { Claims, ExtendedAttribute } from './content.ts';
import { type CoseHeaders, type CoseLabel, coseLabels, labelFrom } from './cose-headers.ts';
import { invalidEnvelope } from './envelope-error.ts';
import { isKnownScheme } from './request.ts';

/** Labels that are claims of the specification and therefore no extended attributes. */
const claimLabels: readonly CoseLabel[] = [
  coseLabels.algorithm,
  coseLabels.critical,
  coseLabels.contentType,
  claimNames.expiry,
  claimNames.signingScheme,
  claimNames.signingTime,
  claimNames.authenticSigningTime,
];

/** Judges the protected bucket in the reference's order (reference 3.5 step 6). Throws `envelope-invalid`. */
export function readCoseClaims(headers: CoseHeaders): { algorithm: SignatureAlgorithm; claims: Claims } {
  const scheme = headers.get(claimNames.signingScheme);
  if (scheme?.kind !== 'text') throw invalidEnvelope('invalid signingScheme');
  const critical = criticalLabels(headers);
  checkCritical(headers, scheme.value, critical);
  const algorithm = algorithmOf(headers);
  const signingScheme = scheme.value;
  if (!isKnownScheme(signingScheme)) throw invalidEnvelope(`unsupported signingScheme: ${signingScheme}`);
  const timeName = signingScheme === 'notary.x509' ? claimNames.signingTime : claimNames.authenticSigningTime;
  const signingTime = timeOf(headers, timeName, 'invalid signingTime: ');
  const expiry = headers.has(claimNames.expiry) ? timeOf(headers, claimNames.expiry, 'invalid expiry: ') : undefined;
  return { algorithm, claims: { signingScheme, signingTime, expiry, extended: extendedAttributes(headers, critical) } };
}

/** The labels listed; that all are present was checked when the bucket was read. */
function criticalLabels(headers: CoseHeaders): ReadonlySet<CoseLabel> {
  const critical = headers.get(coseLabels.critical);
  const labels =
    critical?.kind === 'array' ? critical.items.map((item) => labelFrom(withoutSelfDescription(item))) : [];
  return new Set(labels.filter((label) => label !== undefined));
}

function checkCritical(headers: CoseHeaders, scheme: string, critical: ReadonlySet<CoseLabel>): void {
  const required: string[] = [claimNames.signingScheme];
  if (scheme === 'notary.x509.signingAuthority') required.push(claimNames.authenticSigningTime);
  if (headers.has(claimNames.expiry)) required.push(claimNames.expiry);
  const missing = required.filter((name) => !critical.has(name));
  if (missing.length > 0) {
    throw invalidEnvelope(`these required headers are not marked as critical: [${missing.join(' ')}]`);
  }
}

function algorithmOf(headers: CoseHeaders): SignatureAlgorithm {
  const claimed = headers.get(coseLabels.algorithm);
  if (claimed === undefined) throw invalidEnvelope('algorithm not found');
  if (claimed.kind !== 'integer') throw invalidEnvelope('invalid algorithm');
  const algorithm = signatureAlgorithms.find(({ cose }) => BigInt(cose) === claimed.value);
  if (algorithm === undefined) throw invalidEnvelope(`signature algorithm not supported: ${claimed.value}`);
  return algorithm;
}

/** A time claim: tag 1 around whole or fractional seconds. */
function timeOf(headers: CoseHeaders, name: string, prefix: string): Instant | undefined {
  const item = headers.get(name);
  if (item === undefined || isNil(item)) throw invalidEnvelope(`${prefix}protected header ${quote(name)} is missing`);
  if (item.kind !== 'tag' || item.tag > 1n) throw invalidEnvelope(`${prefix}invalid timeValue type`);
  if (item.tag !== 1n) throw invalidEnvelope(`${prefix}only Tag \`1\` Datetime CBOR object is supported`);
  return instantOf(item.content);
}

/** Undefined for NaN and the infinities, which Go reads as its zero time. */
function instantOf(content: CborItem): Instant | undefined {
  if (content.kind === 'integer') return instantOfUnix(content.value, 0);
  if (content.kind !== 'float' || !Number.isFinite(content.value)) return undefined;
  const whole = Math.trunc(content.value);
  return instantOfUnix(BigInt(whole), Math.trunc((content.value - whole) * 1e9));
}

function extendedAttributes(headers: CoseHeaders, critical: ReadonlySet<CoseLabel>): readonly ExtendedAttribute[] {
  return [...headers]
    .filter(([label]) => !claimLabels.includes(label))
    .map(([key, value]) => ({ key, critical: critical.has(key), value: plainCbor(value) }));
}
