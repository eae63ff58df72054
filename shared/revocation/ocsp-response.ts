// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import {
  DerReader,
  contextConstructedTag,
  contextTag,
  rightAligned,
  tag,
  type DerElement,
} from '../primitives/asn1.ts';
import { checkAnyValue } from '../primitives/asn1-any.ts';
import { Asn1Fields, int64Of, valuesOf } from '../primitives/asn1-fields.ts';
import { instantOf } from '../primitives/asn1-instant.ts';
import { dateOfInstant } from '../primitives/instant.ts';
import type { Extension } from '../x509/extensions.ts';

/** A BasicOCSPResponse (RFC 6960, 4.2.1), as far as it counts; nothing in it has been verified. */
export interface OcspResponse {
  readonly tbsResponseData: Uint8Array;
  /** Dotted; parameters do not count. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  /** DER of the first certificate that came with it. */
  readonly responderCertificate: Uint8Array | undefined;
  readonly responses: readonly SingleResponse[];
}

/** What is said of one certificate. */
export interface SingleResponse {
  readonly serialNumber: bigint;
  /** Dotted. */
  readonly hashAlgorithm: string;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly nextUpdate: Date | undefined;
  readonly extensions: readonly Extension[];
}

/** Names of the statuses that are not successful (RFC 6960, 4.2.1). */
const failures: ReadonlyMap<bigint, string> = new Map([
  [1n, 'malformed'],
  [2n, 'internal error'],
  [3n, 'try later'],
  [5n, 'signature required'],
  [6n, 'unauthorized'],
]);

const basicResponseType = '1.3.6.1.5.5.7.48.1.1';

/**
 * Reads an OCSP response as x/crypto's `ocsp.ParseResponseForCert` does, structure only: Go's `encoding/asn1` passes over
 * optional members that do not fit, and takes a status that is none of the three for revoked. Throws `malformed`.
 */
export function parseOcspResponse(bytes: Uint8Array): OcspResponse {
  const response = onlyValue(bytes).fields();
  const status = int32Of(response.required(tag.enumerated));
  const responseBytes = response.optionalExplicit(contextConstructedTag(0), tag.sequence);
  const basic = responseBytes && readResponseBytes(responseBytes);
  if (status !== 0n) {
    throw malformed(`ocsp: error from server: ${failures.get(status) ?? `unknown OCSP status: ${status}`}`);
  }
  if (basic?.type !== basicResponseType) throw malformed('bad OCSP response type');
  return readBasicResponse(onlyValue(basic.content).fields());
}

function readResponseBytes({ content }: DerElement): { type: string; content: Uint8Array } {
  const fields = new Asn1Fields(content);
  return { type: fields.objectIdentifier(), content: fields.octetString() };
}

function readBasicResponse(fields: Asn1Fields): OcspResponse {
  const data = fields.required(tag.sequence);
  const { responderId, responses } = readResponseData(new Asn1Fields(data.content));
  const signatureAlgorithm = readAlgorithm(fields.fields());
  const signature = new DerReader(fields.required(tag.bitString).encoded).bitString('asn1: malformed BIT STRING');
  const list = fields.optionalExplicit(contextConstructedTag(0), tag.sequence);
  const certificates = list === undefined ? [] : allValues(list.content);
  checkResponderId(responderId);
  return {
    tbsResponseData: data.encoded,
    signatureAlgorithm,
    signature: rightAligned(signature),
    responderCertificate: certificates[0]?.encoded,
    responses,
  };
}

function readResponseData(fields: Asn1Fields): { responderId: DerElement; responses: SingleResponse[] } {
  const version = fields.optionalExplicit(contextConstructedTag(0), tag.integer);
  if (version !== undefined) int64Of(version);
  const responderId = fields.any();
  readTime(fields); // producedAt
  const responses = valuesOf(fields.required(tag.sequence).content, tag.sequence);
  return { responderId, responses: responses.map(({ content }) => readSingleResponse(new Asn1Fields(content))) };
}

/** The name or key hash is read, but nobody compares it; the class of its tag is of no interest to the reference. */
function checkResponderId({ tag: identifier, content }: DerElement): void {
  const number = identifier < 0 ? -1 : identifier & 0x1f;
  if (number === 1) checkName(onlyValue(content).required(tag.sequence).content);
  else if (number === 2) onlyValue(content).octetString();
  else throw malformed('invalid responder id tag');
}

function checkName(names: Uint8Array): void {
  for (const relative of valuesOf(names, tag.set)) {
    for (const { content } of valuesOf(relative.content, tag.sequence)) {
      const attribute = new Asn1Fields(content);
      attribute.objectIdentifier();
      checkAnyValue(attribute.any());
    }
  }
}

function readSingleResponse(fields: Asn1Fields): SingleResponse {
  const certificateId = fields.fields();
  const hashAlgorithm = readAlgorithm(certificateId.fields());
  certificateId.octetString(); // hash of the issuer's name
  certificateId.octetString(); // hash of the issuer's key
  const serialNumber = certificateId.integer();
  const good = fields.optional(contextTag(0)) !== undefined;
  const revoked = fields.optionalFields(contextConstructedTag(1));
  if (revoked !== undefined) checkRevokedInfo(revoked);
  const unknown = fields.optional(contextTag(2)) !== undefined;
  readTime(fields); // thisUpdate
  const nextUpdate = fields.optionalExplicit(contextConstructedTag(0), tag.generalizedTime, tag.utcTime);
  const list = fields.optionalExplicit(contextConstructedTag(1), tag.sequence);
  return {
    serialNumber,
    hashAlgorithm,
    status: good ? 'good' : unknown ? 'unknown' : 'revoked',
    nextUpdate: nextUpdate && dateOfInstant(instantOf(nextUpdate)),
    extensions: list === undefined ? [] : valuesOf(list.content, tag.sequence).map(readExtension),
  };
}

function checkRevokedInfo(fields: Asn1Fields): void {
  readTime(fields); // revocationTime
  const reason = fields.optionalExplicit(contextConstructedTag(0), tag.enumerated);
  if (reason !== undefined) int32Of(reason);
}

function readExtension({ content }: DerElement): Extension {
  const fields = new Asn1Fields(content);
  const oid = fields.objectIdentifier();
  const critical = fields.optional(tag.boolean);
  return {
    oid,
    critical: critical !== undefined && new DerReader(critical.encoded).boolean('asn1: syntax error: invalid boolean'),
    value: fields.octetString(),
  };
}

/** AlgorithmIdentifier: parameters of any kind must be well-formed, no more. */
function readAlgorithm(fields: Asn1Fields): string {
  const algorithm = fields.objectIdentifier();
  fields.optionalAny();
  return algorithm;
}

/** Go takes both types of time wherever RFC 6960 wants GeneralizedTime. */
function readTime(fields: Asn1Fields): void {
  instantOf(fields.required(tag.generalizedTime, tag.utcTime));
}

function allValues(content: Uint8Array): DerElement[] {
  const values: DerElement[] = [];
  for (const fields = new Asn1Fields(content); !fields.empty;) values.push(fields.any());
  return values;
}

/** A reader of the one value that the bytes are. */
function onlyValue(bytes: Uint8Array): Asn1Fields {
  const fields = new Asn1Fields(bytes);
  fields.any();
  if (!fields.empty) throw malformed('trailing data in OCSP response');
  return new Asn1Fields(bytes);
}

/** Go's `asn1.Enumerated` has 32 bits. */
function int32Of(element: DerElement): bigint {
  const value = new DerReader(element.encoded).int64('asn1: structure error: malformed integer', tag.enumerated);
  if (BigInt.asIntN(32, value) !== value) throw malformed('asn1: structure error: integer too large');
  return value;
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
