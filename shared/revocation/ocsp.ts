// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { formatRfc3339 } from '../primitives/go-time.ts';
import { isDateBefore } from '../primitives/instant.ts';
import { quote } from '../primitives/quote.ts';
import { parseCertificate, type Certificate } from '../x509/certificate.ts';
import { signatureAlgorithmName, signatureAlgorithmNamed } from '../x509/signature-algorithm.ts';
import { isSignedWithKeyOf, verifyWith } from '../x509/signature.ts';
import { invalidityDateOid, parseInvalidityDate } from './invalidity-date.ts';
import { parseOcspResponse, type OcspResponse, type SingleResponse } from './ocsp-response.ts';
import type { RevocationQuestion } from './revocation-question.ts';
import type { RevocationCheck } from './status.ts';

/** What an answer says: `decided` when no other responder need be asked. */
export type OcspAnswer = Pick<RevocationCheck, 'result' | 'error' | 'nextUpdate'> & { readonly decided: boolean };

/**
 * Judges the body of a responder's answer (reference section 10.2). An answer that cannot be relied on is `unknown`; an
 * expired one too, even if it says revoked. Neither the time nor the extended key usage of a delegated responder counts.
 */
export function evaluateOcsp(body: Uint8Array, question: RevocationQuestion): OcspAnswer {
  const bare = bareErrors.find(([, encoded]) => equalBytes(encoded, body));
  if (bare !== undefined) return undecided(ocspProblem(`OCSP ${bare[0]}`));
  try {
    return judge(findResponse(body, question), question);
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    return undecided(error.message);
  }
}

/** A failure before there was an answer, in the reference's words. */
export function ocspProblem(problem: string): string {
  return `error checking revocation status via OCSP: ${problem}`;
}

const bareErrors: readonly (readonly [string, Uint8Array])[] = [
  ['unauthorized', Uint8Array.of(0x30, 3, 0x0a, 1, 6)],
  ['malformed', Uint8Array.of(0x30, 3, 0x0a, 1, 1)],
  ['internal error', Uint8Array.of(0x30, 3, 0x0a, 1, 2)],
  ['try later', Uint8Array.of(0x30, 3, 0x0a, 1, 3)],
  ['signature required', Uint8Array.of(0x30, 3, 0x0a, 1, 5)],
];

function undecided(error: string): OcspAnswer {
  return { result: 'unknown', error, decided: false };
}

/** The response for the certificate, whose signature has been verified. Throws `malformed`. */
function findResponse(body: Uint8Array, question: RevocationQuestion): SingleResponse {
  const response = parseOcspResponse(body);
  if (response.responses.length === 0) throw malformed('OCSP response contains bad number of responses');
  const single = response.responses.find(({ serialNumber }) => serialNumber === question.certificate.serialNumber);
  if (single === undefined) throw malformed('no response matching the supplied certificate');
  checkSigner(response, question);
  if (single.extensions.some(({ critical }) => critical)) throw malformed('unsupported critical extension');
  if (!issuerHashes.includes(single.hashAlgorithm)) throw malformed('unsupported issuer hash algorithm');
  return single;
}

/** SHA-1, SHA-256, SHA-384, SHA-512. */
const issuerHashes: readonly string[] = [
  '1.3.14.3.2.26',
  '2.16.840.1.101.3.4.2.1',
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
];

/** The issuer signs the response, or the first certificate in it, whose key then signs the response. */
function checkSigner(response: OcspResponse, question: RevocationQuestion): void {
  const { responderCertificate } = response;
  const { issuer } = question;
  if (responderCertificate === undefined) {
    checkSignature(response, issuer, 'bad OCSP signature: ');
    return;
  }
  const responder = parseCertificate(responderCertificate);
  checkSignature(response, responder, 'bad signature on embedded certificate: ');
  if (!isSignedWithKeyOf(responder, issuer)) throw malformed('bad OCSP signature: not issued by the issuer');
  if (question.strictResponders === true) checkDelegation(responder, question);
}

const ocspSigningUsage = '1.3.6.1.5.5.7.3.9';
const noCheckOid = '1.3.6.1.5.5.7.48.1.5';

/** RFC 6960, 4.2.2.2: who may answer for the issuer. What lacks id-pkix-ocsp-nocheck would have to be checked in turn. */
function checkDelegation(responder: Certificate, { issuer, now }: RevocationQuestion): void {
  if (equalBytes(responder.der, issuer.der)) return;
  const shown = `the OCSP responder certificate with subject ${quote(responder.subject)}`;
  if (now < responder.notBefore || now > responder.notAfter) throw malformed(`${shown} is not valid now`);
  if (responder.extendedKeyUsage?.includes(ocspSigningUsage) !== true) {
    throw malformed(`${shown} lacks the extended key usage OCSPSigning`);
  }
  if (!responder.extensions.some(({ oid }) => oid === noCheckOid)) {
    throw malformed(`${shown} lacks id-pkix-ocsp-nocheck, so that its own revocation is not known`);
  }
}

/** RSA PKCS #1 v1.5 and ECDSA, as x/crypto's `ocsp` names them; not RSASSA-PSS, Ed25519, MD5, or the OIW's SHA-1. */
const signatureAlgorithms: readonly string[] = [
  '1.2.840.113549.1.1.5',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.1',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
];

function checkSignature(response: OcspResponse, signer: Certificate, problem: string): void {
  const { signatureAlgorithm: oid, tbsResponseData, signature } = response;
  const name = signatureAlgorithms.includes(oid)
    ? signatureAlgorithmName({ algorithm: oid, parameters: new Uint8Array() })
    : '';
  const algorithm = signatureAlgorithmNamed(name);
  if (algorithm === undefined) throw malformed(`${problem}x509: cannot verify signature: algorithm unimplemented`);
  try {
    verifyWith(algorithm, tbsResponseData, signature, signer);
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    throw malformed(`${problem}${error.message}`);
  }
}

function judge(single: SingleResponse, question: RevocationQuestion): OcspAnswer {
  const { nextUpdate, status } = single;
  // without nextUpdate the reference compares with the year 1
  if (nextUpdate === undefined || question.now > nextUpdate) return undecided(ocspProblem('expired OCSP response'));
  const until = { nextUpdate: formatRfc3339(nextUpdate), decided: true };
  if (status === 'good' || (status === 'revoked' && becameInvalidLater(single, question))) {
    return { result: 'good', ...until };
  }
  if (status === 'revoked') return { result: 'revoked', error: 'certificate is revoked via OCSP', ...until };
  return { result: 'unknown', error: 'certificate has unknown status via OCSP', ...until };
}

/** Whether the signature was made before the certificate became invalid; a date that cannot be read does not count. */
function becameInvalidLater({ extensions }: SingleResponse, { authenticSigningTime }: RevocationQuestion): boolean {
  const extension = extensions.findLast(({ oid }) => oid === invalidityDateOid);
  if (extension === undefined || authenticSigningTime === undefined) return false;
  try {
    return isDateBefore(authenticSigningTime, parseInvalidityDate(extension.value));
  } catch {
    return false;
  }
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
