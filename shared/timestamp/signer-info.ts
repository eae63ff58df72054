// SPDX-License-Identifier: Apache-2.0
import { contextConstructedTag, tag, type DerElement } from '../primitives/asn1.ts';
import { Asn1Fields, integerOf, valuesOf } from '../primitives/asn1-fields.ts';
import { objectIdentifier, sequence, setOf } from '../primitives/der-encode.ts';

/** Which certificate is meant. */
export interface IssuerAndSerialNumber {
  /** Encoded Name. */
  readonly issuer: Uint8Array;
  readonly serialNumber: bigint;
}

/** A signed attribute (RFC 5652, 5.3). */
export interface Attribute {
  /** Dotted. */
  readonly type: string;
  /** The SET of values. */
  readonly values: DerElement;
}

/** CMS SignerInfo (RFC 5652, 5.3) that names its certificate by issuer and serial number. */
export interface SignerInfo {
  readonly version: bigint;
  readonly identifier: IssuerAndSerialNumber;
  /** Dotted; parameters do not count. */
  readonly digestAlgorithm: string;
  readonly signedAttributes: readonly Attribute[];
  /** Dotted; parameters do not count. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
}

/** Identifiers of the attributes that are read (reference section 9.5). */
export const attributeType = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** Reads the content of a SignerInfo as the reference does. Throws `malformed`. */
export function readSignerInfo(content: Uint8Array): SignerInfo {
  const fields = new Asn1Fields(content);
  const version = fields.int64();
  const identifier = readIdentifier(fields.fields());
  const digestAlgorithm = readAlgorithm(fields.fields());
  const signedAttributes = readAttributes(fields.optional(contextConstructedTag(0)));
  const signatureAlgorithm = readAlgorithm(fields.fields());
  const signature = fields.octetString();
  readAttributes(fields.optional(contextConstructedTag(1)));
  return { version, identifier, digestAlgorithm, signedAttributes, signatureAlgorithm, signature };
}

function readIdentifier(fields: Asn1Fields): IssuerAndSerialNumber {
  return { issuer: fields.any().encoded, serialNumber: integerOf(fields.required(tag.integer)) };
}

/** AlgorithmIdentifier: its parameters need only be well-formed. */
export function readAlgorithm(fields: Asn1Fields): string {
  const algorithm = fields.objectIdentifier();
  fields.optionalAny();
  return algorithm;
}

function readAttributes(set: DerElement | undefined): Attribute[] {
  if (set === undefined) return [];
  return valuesOf(set.content, tag.sequence).map(({ content }) => {
    const fields = new Asn1Fields(content);
    return { type: fields.objectIdentifier(), values: fields.any() };
  });
}

/** The first value of the first attribute of a type; undefined without such an attribute. Throws `malformed` without a value. */
export function attributeValue({ signedAttributes }: SignerInfo, type: string): Asn1Fields | undefined {
  const attribute = signedAttributes.find((each) => each.type === type);
  return attribute && new Asn1Fields(attribute.values.content);
}

/** What is signed: the signed attributes as a DER SET OF (RFC 5652, 5.4). */
export function encodeSignedAttributes({ signedAttributes }: SignerInfo): Uint8Array {
  return setOf(...signedAttributes.map(({ type, values }) => sequence(objectIdentifier(type), values.encoded)));
}
