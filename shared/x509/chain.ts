// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate, CertificateChain } from './certificate.ts';
import { checkAuthority, checkLeaf } from './code-signing-rules.ts';
import { verifySelfSigned, verifySignedBy } from './signature.ts';

/** What the certificates of a chain must be, beside that each is issued by the next. */
export interface ChainRules {
  checkLeaf(leaf: Certificate): void;
  /** `depth` is the number of CAs between the authority and the leaf. */
  checkAuthority(authority: Certificate, depth: number): void;
  /** What the reference writes between issuer or subject and its name in a message. */
  readonly nameSeparator: '' | ' ';
}

/**
 * Validates a code-signing chain, leaf first and complete to its root (reference section 5.2), at a time only when signing.
 * Throws `chain-invalid` with the reference's text for the first rule that is broken.
 */
export function validateCodeSigningChain(chain: CertificateChain, signingTime?: Date): void {
  validateChain(chain, { checkLeaf, checkAuthority, nameSeparator: '' }, signingTime);
}

/** Validates a chain of any purpose, leaf first and complete to its root. Throws `chain-invalid`. */
export function validateChain(chain: CertificateChain, rules: ChainRules, signingTime?: Date): void {
  const [leaf, ...authorities] = chain;
  if (authorities.length === 0) {
    validateSelfSigned(leaf, rules, signingTime);
    return;
  }
  for (const [position, certificate] of chain.entries()) {
    checkSigningTime(certificate, signingTime);
    const parent = chain[position + 1];
    if (parent === undefined) checkRoot(certificate);
    else checkIssued(certificate, parent, position);
    if (position === 0) rules.checkLeaf(certificate);
    else rules.checkAuthority(certificate, position - 1);
  }
}

/** A single signing certificate that is its own root. */
function validateSelfSigned(certificate: Certificate, rules: ChainRules, signingTime: Date | undefined): void {
  const { subject, issuer, rawSubject, rawIssuer } = certificate;
  const invalid = `invalid self-signed certificate. subject: ${quote(subject)}. Error:`;
  const failure = failureOf(() => {
    verifySelfSigned(certificate);
  });
  if (failure !== undefined) throw broken(`${invalid} ${failure}`, incompleteHint);
  if (!equalBytes(rawSubject, rawIssuer)) {
    const separator = rules.nameSeparator;
    throw broken(
      `${invalid} issuer${separator}(${issuer}) and subject${separator}(${subject}) are not the same`,
      incompleteHint,
    );
  }
  checkSigningTime(certificate, signingTime);
  try {
    rules.checkLeaf(certificate);
  } catch (error) {
    const hint = error instanceof NotaryError ? error.hint : undefined;
    throw broken(`invalid self-signed certificate. Error: ${messageOf(error)}`, hint, error);
  }
}

const incompleteHint = 'The chain must hold every certificate from the signing certificate to a self-signed root.';

function checkRoot(root: Certificate): void {
  const subject = quote(root.subject);
  const required = 'Certificate chain must end with a valid self-signed root certificate';
  const failure = signedByFailure(root, root);
  if (failure !== undefined) {
    const message = `root certificate with subject ${subject} is invalid or not self-signed. ${required}. Error: ${failure}`;
    throw broken(message, incompleteHint);
  }
  if (!namesMatch(root, root)) {
    throw broken(`root certificate with subject ${subject} is not self-signed. ${required}`, incompleteHint);
  }
}

function checkIssued(certificate: Certificate, parent: Certificate, position: number): void {
  const subject = quote(certificate.subject);
  if (signedByFailure(certificate, certificate) === undefined && namesMatch(certificate, certificate)) {
    const role = position === 0 ? 'leaf' : 'intermediate';
    throw broken(
      `${role} certificate with subject ${subject} is self-signed. Certificate chain must not contain self-signed ${role} certificate`,
      'The self-signed root must come last in the chain, and only once.',
    );
  }
  const issuer = quote(parent.subject);
  const failure = signedByFailure(certificate, parent);
  if (failure !== undefined) {
    throw broken(
      `invalid certificates or certificate with subject ${subject} is not issued by ${issuer}. Error: ${failure}`,
      orderHint,
    );
  }
  if (!namesMatch(certificate, parent)) {
    throw broken(`certificate with subject ${subject} is not issued by ${issuer}`, orderHint);
  }
}

const orderHint = 'In the chain, every certificate must be followed by the one that issued it.';

function checkSigningTime({ subject, notBefore, notAfter }: Certificate, signingTime: Date | undefined): void {
  if (signingTime === undefined || (signingTime >= notBefore && signingTime <= notAfter)) return;
  throw broken(
    `certificate with subject ${quote(subject)} was invalid at signing time of ${goTime(signingTime)}. ` +
      `Certificate is valid from [${goTime(notBefore)}] to [${goTime(notAfter)}]`,
    'Sign with a certificate that is valid now.',
  );
}

/** An instant as Go's `time.Time.String` prints it in UTC. */
function goTime(date: Date): string {
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/, ' +0000 UTC');
}

/** Byte for byte: no name is folded. */
function namesMatch(certificate: Certificate, parent: Certificate): boolean {
  return equalBytes(certificate.rawIssuer, parent.rawSubject);
}

function signedByFailure(certificate: Certificate, parent: Certificate): string | undefined {
  return failureOf(() => {
    verifySignedBy(certificate, parent);
  });
}

function failureOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function broken(message: string, hint?: string, cause?: unknown): NotaryError {
  return new NotaryError('chain-invalid', message, { ...(hint === undefined ? {} : { hint }), cause });
}
