// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader } from '../primitives/asn1.ts';
import { formatRfc3339 } from '../primitives/go-time.ts';
import { isDateBefore, type Instant } from '../primitives/instant.ts';
import type { Certificate } from '../x509/certificate.ts';
import { parseCrlDistributionPoints, type Extension } from '../x509/extensions.ts';
import { signatureAlgorithmNamed } from '../x509/signature-algorithm.ts';
import { verifyWith } from '../x509/signature.ts';
import { invalidityDateOid, parseInvalidityDate } from './invalidity-date.ts';
import { entriesOf, type RevocationList, type RevocationListEntry } from './revocation-list.ts';
import type { RevocationQuestion } from './revocation-question.ts';

/** A CRL, and the delta CRL that its freshestCRL extension names. */
export interface CrlBundle {
  readonly base: RevocationList;
  readonly delta?: RevocationList;
}

const freshestCrlOid = '2.5.29.46';
const issuingDistributionPointOid = '2.5.29.28';
const deltaCrlIndicatorOid = '2.5.29.27';

/** Addresses of delta CRLs, of which one suffices; empty when there is none. Throws `malformed`. */
export function deltaAddresses({ extensions }: RevocationList): string[] {
  const extension = findExtension(extensions, freshestCrlOid);
  if (extension === undefined) return [];
  return told('failed to parse Freshest CRL extension', () => parseCrlDistributionPoints(extension.value));
}

/**
 * Refuses CRLs that say nothing: not signed by the issuer of the certificate, expired, with unknown critical extensions, a
 * delta that does not fit its base (reference section 10.3). Issuer names, scopes and thisUpdate do not count. Throws
 * `malformed`.
 */
export function validateCrlBundle({ base, delta }: CrlBundle, { certificate, issuer, now }: RevocationQuestion): void {
  // A delta that only the certificate names might have another scope than the base.
  if (delta === undefined && findExtension(certificate.extensions, freshestCrlOid) !== undefined) {
    throw malformed('freshest CRL from certificate extension is not supported');
  }
  told('failed to validate base CRL', () => {
    validateList(base, issuer, now);
  });
  if (delta === undefined) return;
  told('failed to validate delta CRL', () => {
    validateList(delta, issuer, now);
  });
  validateDelta(base, delta);
}

function validateList(list: RevocationList, issuer: Certificate, now: Date): void {
  told(`CRL is not signed by CA ${issuer.subject}`, () => {
    checkSignature(list, issuer);
  });
  if (list.nextUpdate === undefined) throw malformed('CRL NextUpdate is not set');
  if (now > list.nextUpdate) {
    const times = `Current time ${formatRfc3339(now)} is after CRL NextUpdate ${formatRfc3339(list.nextUpdate)}`;
    throw malformed(`expired CRL. ${times}`);
  }
  checkCritical(list.extensions, [issuingDistributionPointOid, deltaCrlIndicatorOid]);
}

/** Go's `RevocationList.CheckSignatureFrom`: the issuer may sign CRLs; SHA-1 will do, MD5 will not. */
function checkSignature({ signatureAlgorithm, tbsCertList, signature }: RevocationList, issuer: Certificate): void {
  const { version, basicConstraints, keyUsage = [] } = issuer;
  const maySign =
    (version !== 3 || basicConstraints !== undefined) &&
    basicConstraints?.ca !== false &&
    (keyUsage.length === 0 || keyUsage.includes('cRLSign'));
  if (!maySign) throw malformed('x509: invalid signature: parent certificate cannot sign this kind of certificate');
  const algorithm = signatureAlgorithmNamed(signatureAlgorithm);
  if (algorithm === undefined) throw malformed('x509: cannot verify signature: algorithm unimplemented');
  if (algorithm.hash === 'md5') {
    throw malformed(`x509: cannot verify signature: insecure algorithm ${signatureAlgorithm}`);
  }
  verifyWith(algorithm, tbsCertList, signature, issuer);
}

/** RFC 5280, 5.2.4: newer than the base, and made for one that is not newer than it. */
function validateDelta(base: RevocationList, delta: RevocationList): void {
  const numbers = `delta CRL number ${shown(delta.number)} is not greater than the base CRL number ${shown(base.number)}`;
  // where only one of them has a number the reference crashes
  if (base.number === undefined || delta.number === undefined || delta.number <= base.number) throw malformed(numbers);
  const indicator = findExtension(delta.extensions, deltaCrlIndicatorOid);
  if (indicator === undefined) throw malformed('delta CRL indicator extension is not found');
  const minimum = new DerReader(indicator.value).integer('failed to parse delta CRL indicator extension');
  if (minimum > base.number) {
    throw malformed(`delta CRL indicator ${minimum} is not less than or equal to the base CRL number ${base.number}`);
  }
}

function shown(number: bigint | undefined): string {
  return number === undefined ? '<nil>' : String(number);
}

const certificateHold = 6n;
const removeFromCrl = 8n;

/**
 * The entry by which validated CRLs revoke the certificate; undefined if they do not. Only the serial number is compared. A
 * hold may be lifted again: of such entries the latest counts; any other reason is final. Throws `malformed` for an entry
 * that cannot be understood.
 */
export function findRevocation(bundle: CrlBundle, question: RevocationQuestion): RevocationListEntry | undefined {
  const { certificate, authenticSigningTime } = question;
  const lists = bundle.delta === undefined ? [bundle.base] : [bundle.base, bundle.delta];
  let temporary: RevocationListEntry | undefined;
  for (const entry of entriesOfAll(lists, certificate.serialNumber)) {
    const invalidityDate = readInvalidityDate(entry);
    const signedBefore = authenticSigningTime && invalidityDate && isDateBefore(authenticSigningTime, invalidityDate);
    if (signedBefore === true) return undefined;
    if (entry.reasonCode !== certificateHold && entry.reasonCode !== removeFromCrl) return entry;
    if (temporary === undefined || temporary.revocationDate < entry.revocationDate) temporary = entry;
  }
  return temporary?.reasonCode === certificateHold ? temporary : undefined;
}

function* entriesOfAll(lists: readonly RevocationList[], serialNumber: bigint): Generator<RevocationListEntry> {
  for (const list of lists) yield* entriesOf(list, serialNumber);
}

function readInvalidityDate({ extensions }: RevocationListEntry): Instant | undefined {
  let date: Instant | undefined;
  for (const extension of extensions) {
    if (extension.oid === invalidityDateOid) date = parseInvalidityDate(extension.value);
    else checkCritical([extension], []);
  }
  return date;
}

function checkCritical(extensions: readonly Extension[], understood: readonly string[]): void {
  const unknown = extensions.find(({ critical, oid }) => critical && !understood.includes(oid));
  if (unknown !== undefined) throw malformed(`unsupported critical extension found in CRL: ${unknown.oid}`);
}

function findExtension(extensions: readonly Extension[], oid: string): Extension | undefined {
  return extensions.find((extension) => extension.oid === oid);
}

function told<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    throw malformed(`${problem}: ${error.message}`);
  }
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
