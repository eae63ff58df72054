// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate } from './certificate.ts';
import { extensionOid, type KeyUsageBit } from './extensions.ts';

/** The rules for a code-signing leaf (reference section 5.3), in order. Throws `chain-invalid` with the reference's text. */
export function checkLeaf(leaf: Certificate): void {
  checkLeafBasicConstraints(leaf);
  checkKeyUsagePresent(leaf);
  checkKeyUsageCritical(leaf);
  checkLeafKeyUsage(leaf);
  checkLeafExtendedKeyUsage(leaf);
  checkLeafKeySpec(leaf);
}

/** 5.3 step 1. */
export function checkLeafBasicConstraints({ subject, basicConstraints }: Certificate): void {
  if (basicConstraints?.ca !== true) return;
  throw broken(
    `certificate with subject ${quote(subject)}: if the basic constraints extension is present, the ca field must be set to false`,
    'Sign with an end-entity certificate, not with the certificate of an authority.',
  );
}

/** 5.3 step 6. */
export function checkLeafKeySpec({ subject, keySpec, keySpecError = '' }: Certificate): void {
  if (keySpec !== undefined) return;
  throw broken(
    `certificate with subject ${quote(subject)}: ${keySpecError}`,
    'Use an RSA key of 2048, 3072 or 4096 bits, or an EC key on P-256, P-384 or P-521.',
  );
}

/** The rules for a CA of a code-signing chain (5.4); `depth` is the number of CAs between it and the leaf. */
export function checkAuthority(authority: Certificate, depth: number): void {
  checkAuthorityBasicConstraints(authority, depth);
  checkKeyUsagePresent(authority);
  checkKeyUsageCritical(authority);
  checkAuthorityKeyUsage(authority);
}

/** 5.4 steps 1 and 2. */
export function checkAuthorityBasicConstraints({ subject: name, basicConstraints }: Certificate, depth: number): void {
  const subject = quote(name);
  if (basicConstraints?.ca !== true) {
    throw broken(
      `certificate with subject ${subject}: ca field in basic constraints must be present, critical, and set to true`,
    );
  }
  if (basicConstraints.pathLength !== undefined && basicConstraints.pathLength < depth) {
    throw broken(
      `certificate with subject ${subject}: expected path length of ${depth} but certificate has path length ${basicConstraints.pathLength} instead`,
      'The certificate allows fewer intermediate certificates below it than the chain has.',
    );
  }
}

/** 5.4 step 4. */
export function checkAuthorityKeyUsage({ subject, keyUsage = [] }: Certificate): void {
  if (keyUsage.includes('keyCertSign')) return;
  throw broken(
    `certificate with subject ${quote(subject)}: key usage must have the bit positions for key cert sign set`,
    keyUsageHint,
  );
}

const keyUsageHint =
  'Have the certificate issued again with a critical key usage extension: digitalSignature for a signing certificate, keyCertSign for an authority.';

/** The first half of 5.3 step 2. */
export function checkKeyUsagePresent({ extensions, subject }: Certificate): void {
  if (extensions.some(({ oid }) => oid === extensionOid.keyUsage)) return;
  throw broken(`certificate with subject ${quote(subject)}: key usage extension must be present`, keyUsageHint);
}

function checkKeyUsageCritical({ extensions, subject }: Certificate): void {
  if (extensions.some(({ oid, critical }) => oid === extensionOid.keyUsage && critical)) return;
  throw broken(`certificate with subject ${quote(subject)}: key usage extension must be marked critical`, keyUsageHint);
}

/** Bits that a signing certificate must not have, in the order and with the names of the message. */
const forbiddenUsages: readonly (readonly [KeyUsageBit, string])[] = [
  ['keyEncipherment', 'KeyEncipherment'],
  ['dataEncipherment', 'DataEncipherment'],
  ['keyAgreement', 'KeyAgreement'],
  ['keyCertSign', 'CertSign'],
  ['cRLSign', 'CRLSign'],
  ['encipherOnly', 'EncipherOnly'],
  ['decipherOnly', 'DecipherOnly'],
];

/** 5.3 steps 3 and 4. */
export function checkLeafKeyUsage({ keyUsage = [], subject }: Certificate): void {
  const invalid = `the certificate with subject ${quote(subject)} is invalid.`;
  if (!keyUsage.includes('digitalSignature')) {
    throw broken(`${invalid} The key usage must have the bit positions for "Digital Signature" set`, keyUsageHint);
  }
  const found = forbiddenUsages.filter(([bit]) => keyUsage.includes(bit)).map(([, name]) => `"${name}"`);
  if (found.length > 0) {
    throw broken(
      `${invalid} The key usage must be "Digital Signature" only, but found ${found.join(', ')}`,
      keyUsageHint,
    );
  }
}

const forbiddenExtendedUsages: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'ServerAuth'],
  ['1.3.6.1.5.5.7.3.2', 'ClientAuth'],
  ['1.3.6.1.5.5.7.3.4', 'EmailProtection'],
  ['1.3.6.1.5.5.7.3.8', 'Timestamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSPSigning'],
]);

function checkLeafExtendedKeyUsage({ extendedKeyUsage = [], subject }: Certificate): void {
  for (const usage of extendedKeyUsage) {
    const name = forbiddenExtendedUsages.get(usage);
    if (name === undefined) continue;
    throw broken(
      `certificate with subject ${quote(subject)}: extended key usage must not contain ${name} eku`,
      'Have the certificate issued again with codeSigning as its only extended key usage.',
    );
  }
}

function broken(message: string, hint?: string): NotaryError {
  return new NotaryError('chain-invalid', message, hint === undefined ? {} : { hint });
}
