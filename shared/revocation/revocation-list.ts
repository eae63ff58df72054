// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, contextConstructedTag, rightAligned, tag } from '../primitives/asn1.ts';
import { readTime } from '../primitives/asn1-time.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { parseAlgorithmIdentifier } from '../x509/algorithm-identifier.ts';
import { extensionOid, parseExtension, type Extension } from '../x509/extensions.ts';
import { parseName } from '../x509/name.ts';
import { signatureAlgorithmName } from '../x509/signature-algorithm.ts';
import { checkUnusedExtension } from '../x509/unused-extensions.ts';

/** A CRL that Go's `x509.ParseRevocationList` takes (RFC 5280, 5.1); nothing in it has been verified. */
export interface RevocationList {
  /** As it was received, without what followed it. */
  readonly der: Uint8Array;
  readonly tbsCertList: Uint8Array;
  /** Go's name, such as `SHA256-RSA`, or `unknown`. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly nextUpdate: Date | undefined;
  /** cRLNumber. */
  readonly number: bigint | undefined;
  readonly extensions: readonly Extension[];
  /** Content of revokedCertificates, of which every entry is well-formed; a million entries are not kept one by one. */
  readonly revokedCertificates: Uint8Array;
}

/** An entry of a CRL (RFC 5280, 5.3). */
export interface RevocationListEntry {
  readonly serialNumber: bigint;
  readonly revocationDate: Date;
  /** 0 without one. */
  readonly reasonCode: bigint;
  readonly extensions: readonly Extension[];
}

/** Extensions of a CRL or an entry: there are less than ten, and each that is kept takes some hundred bytes. */
const maxExtensions = 1000;

const crlNumberOid = '2.5.29.20';
const reasonCodeOid = '2.5.29.21';

/** Go's zero time, which stands for "absent". */
const zeroTime = new Date('0001-01-01T00:00:00Z').getTime();

/** Reads a CRL of version 2 in DER, exactly as strictly as Go: throws `malformed` in its words. */
export function parseRevocationList(bytes: Uint8Array): RevocationList {
  const malformedList = 'x509: malformed crl';
  const list = new DerReader(bytes).element(tag.sequence, malformedList);
  const outer = new DerReader(list.content);
  const tbsCertList = outer.element(tag.sequence, 'x509: malformed tbs crl');
  const tbs = new DerReader(tbsCertList.content);
  checkVersion(tbs);
  const signatureAlgorithm = readSignatureAlgorithm(tbs, outer);
  const signature = rightAligned(outer.bitString('x509: malformed signature'));
  parseName(tbs.element(tag.sequence, 'x509: malformed issuer').encoded);
  readTime(tbs); // thisUpdate
  const nextUpdate = tbs.nextIs(tag.generalizedTime) || tbs.nextIs(tag.utcTime) ? readTime(tbs) : undefined;
  const revokedCertificates = tbs.nextIs(tag.sequence) ? tbs.content(tag.sequence, malformedList) : new Uint8Array();
  for (const entry of entryContents(revokedCertificates)) readEntry(entry);
  const extensions = readExtensions(tbs);
  return {
    der: list.encoded,
    tbsCertList: tbsCertList.encoded,
    signatureAlgorithm,
    signature,
    nextUpdate: nextUpdate?.getTime() === zeroTime ? undefined : nextUpdate,
    number: readNumber(extensions),
    extensions,
    revokedCertificates,
  };
}

/** The entries of a certificate, in their order, one by one: a CRL may have a million for the same one. */
export function* entriesOf(
  { revokedCertificates }: RevocationList,
  serialNumber: bigint,
): Generator<RevocationListEntry> {
  for (const entry of entryContents(revokedCertificates)) {
    if (new DerReader(entry).integer('x509: malformed serial number') === serialNumber) yield readEntry(entry);
  }
}

function* entryContents(content: Uint8Array): Generator<Uint8Array> {
  for (const entries = new DerReader(content); !entries.empty;) {
    yield entries.content(tag.sequence, 'x509: malformed crl');
  }
}

function readEntry(content: Uint8Array): RevocationListEntry {
  const reader = new DerReader(content);
  const serialNumber = reader.integer('x509: malformed serial number');
  const revocationDate = readTime(reader);
  const extensions: Extension[] = [];
  let reasonCode = 0n;
  const sequence = reader.enterOptional(tag.sequence, 'x509: malformed extensions');
  while (sequence?.empty === false) {
    const extension = parseExtension(sequence.enter(tag.sequence, 'x509: malformed extension'));
    if (extension.oid === reasonCodeOid) {
      reasonCode = new DerReader(extension.value).int64('x509: malformed reasonCode extension', tag.enumerated);
    }
    extensions.push(extension);
    checkCount(extensions);
  }
  return { serialNumber, revocationDate, reasonCode, extensions };
}

function checkVersion(tbs: DerReader): void {
  if (!tbs.nextIs(tag.integer)) throw malformed('x509: unsupported crl version');
  const version = tbs.int64('x509: malformed crl');
  if (version !== 1n) throw malformed(`x509: unsupported crl version: ${version}`);
}

function readSignatureAlgorithm(tbs: DerReader, outer: DerReader): string {
  const inside = tbs.content(tag.sequence, 'x509: malformed signature algorithm identifier');
  const outside = outer.content(tag.sequence, 'x509: malformed algorithm identifier');
  if (!equalBytes(inside, outside)) {
    throw malformed("x509: inner and outer signature algorithm identifiers don't match");
  }
  return signatureAlgorithmName(parseAlgorithmIdentifier(inside));
}

/** Here an extension may stand twice. */
function readExtensions(tbs: DerReader): Extension[] {
  const extensions: Extension[] = [];
  const sequence = tbs
    .enterOptional(contextConstructedTag(0), 'x509: malformed extensions')
    ?.enter(tag.sequence, 'x509: malformed extensions');
  while (sequence?.empty === false) {
    const extension = parseExtension(sequence.enter(tag.sequence, 'x509: malformed extension'));
    if (extension.oid === extensionOid.authorityKeyIdentifier) checkUnusedExtension(extension);
    if (extension.oid === crlNumberOid) parseNumber(extension);
    extensions.push(extension);
    checkCount(extensions);
  }
  return extensions;
}

function checkCount({ length }: readonly Extension[]): void {
  if (length > maxExtensions) throw malformed(`x509: crl with more than ${maxExtensions} extensions`);
}

function readNumber(extensions: readonly Extension[]): bigint | undefined {
  const extension = extensions.findLast(({ oid }) => oid === crlNumberOid);
  return extension && parseNumber(extension);
}

function parseNumber({ value }: Extension): bigint {
  return new DerReader(value).integer('x509: malformed crl number');
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
