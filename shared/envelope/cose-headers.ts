// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { parseCbor } from '../primitives/cbor.ts';
import { type CborItem, isNil } from '../primitives/cbor-item.ts';
import { withoutSelfDescription } from '../primitives/cbor-validity.ts';

/** A header label: small integers are numbers. */
export type CoseLabel = string | number | bigint;

/** One bucket of header parameters. */
export type CoseHeaders = ReadonlyMap<CoseLabel, CborItem>;

type Bucket = 'protected' | 'unprotected';

/** Labels of RFC 9052 section 3.1 and RFC 9360 that have rules here. */
export const coseLabels = { algorithm: 1, critical: 2, contentType: 3, iv: 5, partialIv: 6, x5chain: 33 } as const;

/** The two buckets of a COSE structure. */
export interface CoseBuckets {
  /** The protected bucket as it was sent: what the signature covers. */
  readonly encodedProtected: Uint8Array;
  readonly protected: CoseHeaders;
  readonly unprotected: CoseHeaders;
}

/** Reads both buckets; an empty protected byte string is an empty map. Throws `malformed`. */
export function parseBuckets(protectedItem: CborItem, unprotectedItem: CborItem): CoseBuckets {
  if (protectedItem.kind !== 'bytes') throw invalid('protected', 'require bstr type');
  const encodedProtected = protectedItem.value;
  const empty = encodedProtected.length === 0;
  const buckets: CoseBuckets = {
    encodedProtected,
    protected: empty ? new Map() : headersOf(parseCbor(encodedProtected, { tags: 'allowed' }), 'protected'),
    unprotected: headersOf(unprotectedItem, 'unprotected'),
  };
  checkInitialVectors(buckets);
  return buckets;
}

/**
 * The parameters of a bucket with the rules of go-cose for the registered ones (`headers.go validateHeaderParameters`).
 * Throws `malformed`.
 */
function headersOf(item: CborItem, bucket: Bucket): CoseHeaders {
  if (item.kind !== 'map') throw invalid(bucket, 'require map type');
  const headers = new Map(item.entries.map(([key, value]) => [labelOf(key), withoutSelfDescription(value)]));
  if (headers.size < item.entries.length) throw invalid(bucket, 'found duplicate map key');
  for (const [label, value] of headers) {
    const problem = typeof label === 'number' ? rules.get(label)?.(value, bucket, headers) : undefined;
    if (problem !== undefined) throw invalid(bucket, `header parameter: ${problem}`);
  }
  return headers;
}

/** A label as a map key: an integer that fits is a number. Throws `malformed` for other types. */
function labelOf(key: CborItem): CoseLabel {
  const label = labelFrom(withoutSelfDescription(key));
  if (label === undefined) throw new NotaryError('malformed', 'cbor: header label: require int / tstr type');
  return label;
}

/** The label that an item names, undefined when it is none. */
export function labelFrom(item: CborItem): CoseLabel | undefined {
  if (item.kind === 'text') return item.value;
  if (item.kind !== 'integer' || BigInt.asIntN(64, item.value) !== item.value) return undefined;
  const small = Number(item.value);
  return Number.isSafeInteger(small) ? small : item.value;
}

/** Neither bucket may hold an IV while the other one holds a partial IV. */
function checkInitialVectors({ protected: signed, unprotected }: CoseBuckets): void {
  const { iv, partialIv } = coseLabels;
  if ((signed.has(iv) && unprotected.has(partialIv)) || (signed.has(partialIv) && unprotected.has(iv))) {
    throw new NotaryError('malformed', 'IV and PartialIV parameters must not both be present');
  }
}

/** The problem of a parameter's value, or undefined. */
type Rule = (value: CborItem, bucket: Bucket, headers: CoseHeaders) => string | undefined;

const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [coseLabels.algorithm, (value) => (labelFrom(value) === undefined ? 'alg: require int / tstr type' : undefined)],
  [coseLabels.critical, criticalRule],
  [coseLabels.contentType, (value) => mediaTypeRule('content type', value)],
  [4, byteString('kid')],
  [coseLabels.iv, vectorRule('IV', coseLabels.partialIv)],
  [coseLabels.partialIv, vectorRule('Partial IV', coseLabels.iv)],
  [7, counterSignature('counter signature')],
  [9, onlyUnprotected('countersignature0', byteString('countersignature0'))],
  [11, counterSignature('Countersignature version 2')],
  [12, onlyUnprotected('Countersignature0 version 2', byteString('Countersignature0 version 2'))],
  [16, (value) => mediaTypeRule('type', value)],
]);

function criticalRule(value: CborItem, bucket: Bucket, headers: CoseHeaders): string | undefined {
  if (bucket !== 'protected') return 'crit: not allowed';
  if (value.kind !== 'array') return 'crit: invalid crit header';
  if (value.items.length === 0) return 'crit: empty crit header';
  for (const item of value.items) {
    const label = labelFrom(withoutSelfDescription(item));
    if (label === undefined) return 'crit: require int / tstr type';
    if (!headers.has(label)) return `crit: missing critical header: ${label}`;
  }
  return undefined;
}

function mediaTypeRule(name: string, value: CborItem): string | undefined {
  if (value.kind === 'integer' && value.value >= 0n) return undefined;
  if (value.kind !== 'text') return `${name}: require tstr / uint type`;
  const text = value.value;
  if (text === '') return `${name}: require non-empty string`;
  if (text.startsWith(' ') || text.endsWith(' ')) return `${name}: require no leading/trailing whitespace`;
  const slash = text.indexOf('/');
  const one = slash >= 0 && !text.includes('/', slash + 1);
  return one ? undefined : `${name}: require text of form type/subtype`;
}

function byteString(name: string): Rule {
  return ({ kind }) => (kind === 'bytes' ? undefined : `${name}: require bstr type`);
}

function vectorRule(name: string, other: number): Rule {
  return (value, bucket, headers) =>
    headers.has(other)
      ? 'IV and PartialIV: parameters must not both be present'
      : byteString(name)(value, bucket, headers);
}

function onlyUnprotected(name: string, rule: Rule): Rule {
  return (value, bucket, headers) => (bucket === 'protected' ? `${name}: not allowed` : rule(value, bucket, headers));
}

function counterSignature(name: string): Rule {
  return onlyUnprotected(name, (value) =>
    isNil(value) || isCounterSignature(value) || isCounterSignatureList(value)
      ? undefined
      : `${name} is not a Countersignature or a list`,
  );
}

function isCounterSignatureList(item: CborItem): boolean {
  return item.kind === 'array' && item.items.every((element) => isNil(element) || isCounterSignature(element));
}

/** Whether an item is a COSE_Countersignature (RFC 9338 section 3.1); it is not verified. */
function isCounterSignature(item: CborItem): boolean {
  if (item.kind !== 'array' || item.headLength !== 1 || item.items.length !== 3) return false;
  const [protectedItem, unprotectedItem, signature] = item.items;
  if (protectedItem === undefined || unprotectedItem === undefined) return false;
  if (signature?.kind !== 'bytes' || signature.value.length === 0) return false;
  try {
    parseBuckets(protectedItem, unprotectedItem);
    return true;
  } catch {
    return false;
  }
}

function invalid(bucket: Bucket, message: string): NotaryError {
  return new NotaryError('malformed', `cbor: invalid ${bucket} header: ${bucket} header: ${message}`);
}
