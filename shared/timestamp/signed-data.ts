// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { contextConstructedTag, contextTag, tag, type DerElement } from '../primitives/asn1.ts';
import { Asn1Fields, sequenceAt, valuesOf } from '../primitives/asn1-fields.ts';
import { derOfBer } from '../primitives/ber.ts';
import { parseForeignCertificates, type Certificate } from '../x509/certificate.ts';
import { readAlgorithm, readSignerInfo, type SignerInfo } from './signer-info.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';

/** CMS SignedData (RFC 5652, 5.1). Nothing in it has been verified. */
export interface SignedData {
  /** Dotted. */
  readonly contentType: string;
  readonly content: Uint8Array;
  readonly certificates: readonly Certificate[];
  readonly signerInfos: readonly SignerInfo[];
}

const signedDataType = '1.2.840.113549.1.7.2';

/** Signers of one token: there must be one (RFC 3161, 2.4.2), and for each the paths to a root are searched. */
const maxSignerInfos = 16;

/**
 * Reads CMS SignedData as the reference does (section 9.4): BER lengths pass, version 3 only, X.509 certificates only, no
 * CRLs. Throws `timestamp-invalid`.
 */
export function parseSignedData(ber: Uint8Array): SignedData {
  const syntax = 'cms: syntax error: invalid';
  const der = timestampStep(`${syntax} signed data: failed to convert from BER to DER: `, () => derOfBer(ber));
  const content = timestampStep(`${syntax} content info: failed to unmarshal DER to ContentInfo: `, () =>
    readContentInfo(sequenceAt(der)),
  );
  if (content.type !== signedDataType) throw invalidTimestamp('cms: content type is not signed-data');
  const data = timestampStep(`${syntax} signed data: `, () => readSignedData(sequenceAt(content.encoded)));
  if (data.version !== 3n) {
    throw invalidTimestamp(`cms: syntax error: unsupported signed data version: got ${data.version}, want 3`);
  }
  return { ...data.encapsulated, certificates: readCertificates(data.certificates), signerInfos: data.signerInfos };
}

function readContentInfo(fields: Asn1Fields): { type: string; encoded: Uint8Array } {
  return { type: fields.objectIdentifier(), encoded: fields.required(contextConstructedTag(0)).content };
}

interface Members {
  readonly version: bigint;
  readonly encapsulated: Pick<SignedData, 'contentType' | 'content'>;
  readonly certificates: Uint8Array;
  readonly signerInfos: readonly SignerInfo[];
}

function readSignedData(fields: Asn1Fields): Members {
  const version = fields.int64();
  for (const { content } of valuesOf(fields.required(tag.set).content, tag.sequence)) {
    readAlgorithm(new Asn1Fields(content));
  }
  const encapsulated = readEncapsulated(fields.fields());
  const certificates = fields.optional(contextTag(0), contextConstructedTag(0))?.content ?? new Uint8Array();
  const crls = fields.optional(contextConstructedTag(1));
  // the reference has a type for these that no CRL fits
  if (crls !== undefined && crls.content.length > 0) throw malformed("structure error: tags don't match");
  const signers = valuesOf(fields.required(tag.set).content, tag.sequence);
  if (signers.length > maxSignerInfos) throw malformed(`structure error: more than ${maxSignerInfos} signers`);
  return { version, encapsulated, certificates, signerInfos: signers.map(({ content }) => readSignerInfo(content)) };
}

/** EncapsulatedContentInfo (RFC 5652, 5.2): content that is not one primitive OCTET STRING counts as none. */
function readEncapsulated(fields: Asn1Fields): Members['encapsulated'] {
  const contentType = fields.objectIdentifier();
  const wrapper = fields.optionalAny();
  if (wrapper === undefined) return { contentType, content: new Uint8Array() };
  if (wrapper.content.length === 0 && (fields.empty || isContent(wrapper))) {
    throw malformed('structure error: explicit tag has no child');
  }
  const content =
    wrapper.tag === contextConstructedTag(0) ? new Asn1Fields(wrapper.content).optional(tag.octetString) : undefined;
  return { contentType, content: content?.content ?? new Uint8Array() };
}

function isContent({ tag: own }: DerElement): boolean {
  return own === contextTag(0) || own === contextConstructedTag(0);
}

function readCertificates(encoded: Uint8Array): readonly Certificate[] {
  const problem =
    'cms: syntax error: failed to parse X.509 certificates from signed data. Only X.509 certificates are supported: ';
  return timestampStep(problem, () => parseForeignCertificates(encoded));
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', `asn1: ${problem}`);
}
