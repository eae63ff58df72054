// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from '../envelope/content.ts';
import { type SignatureEnvelope, hasPrescribedSalt } from '../envelope/envelope.ts';
import { type Descriptor, sameContent } from '../oci/descriptor.ts';
import type { SignatureManifest } from '../oci/signature-manifest.ts';
import { quote } from '../primitives/quote.ts';
import { findVerificationPlugin } from './verification-plugin.ts';

/**
 * `reference` accepts exactly what Notation accepts; `strict` also refuses what Notation lets pass although the
 * specification forbids it and security suffers (NP 15.1, items 1, 2, 4, 6, 15 and 18).
 */
export type Strictness = 'reference' | 'strict';

/** Why strict mode refuses what the reference accepts. */
export interface Laxity {
  readonly error: string;
  readonly hint: string;
}

const anyExtendedKeyUsage = '2.5.29.37.0';

/** What strict mode refuses in an envelope that the reference accepts. */
export function findEnvelopeLaxity(parsed: SignatureEnvelope, envelope: VerifiedEnvelope): Laxity | undefined {
  return unprescribedSalt(parsed) ?? sha1Certificate(envelope) ?? anyUsage(envelope) ?? unprocessedAttribute(envelope);
}

/** Item 6. */
function unprescribedSalt(parsed: SignatureEnvelope): Laxity | undefined {
  if (hasPrescribedSalt(parsed)) return undefined;
  return laxity(
    'the RSASSA-PSS salt of the signature is not as long as its hash, which RFC 7518 section 3.5 requires',
    'Sign again with a tool that makes standard PS256, PS384 or PS512 signatures.',
  );
}

/** Item 4: in a chain of several certificates the reference refuses SHA-1 itself. */
function sha1Certificate({ certificateChain }: VerifiedEnvelope): Laxity | undefined {
  const weak = certificateChain.find(({ signatureAlgorithm }) => signatureAlgorithm.includes('SHA1'));
  if (weak === undefined) return undefined;
  return laxity(
    `the certificate with subject ${quote(weak.subject)} is signed with SHA-1 (${weak.signatureAlgorithm})`,
    'Have the certificate issued again with SHA-256 or better, and sign again.',
  );
}

/** Item 2. */
function anyUsage({ certificateChain: [leaf] }: VerifiedEnvelope): Laxity | undefined {
  if (leaf.extendedKeyUsage?.includes(anyExtendedKeyUsage) !== true) return undefined;
  return laxity(
    `the signing certificate with subject ${quote(leaf.subject)} has the extended key usage anyExtendedKeyUsage`,
    'Have the certificate issued again with codeSigning as its only extended key usage, and sign again.',
  );
}

/** Item 1: where the signature names a verification plugin, its answer tells which attributes were processed. */
function unprocessedAttribute(envelope: VerifiedEnvelope): Laxity | undefined {
  if (findVerificationPlugin(envelope) !== undefined) return undefined;
  return findCriticalAttribute(envelope, []);
}

/** A critical attribute that nobody has evaluated, apart from those that are known. */
export function findCriticalAttribute(
  { signedAttributes }: VerifiedEnvelope,
  known: readonly string[],
): Laxity | undefined {
  const critical = signedAttributes.extended.find(
    (attribute) => attribute.critical && !known.includes(String(attribute.key)),
  );
  if (critical === undefined) return undefined;
  return laxity(
    `the signature has the critical attribute ${quote(String(critical.key))}, which nothing here understands`,
    'Whoever signed demands that this attribute is evaluated: use the tool that it is meant for.',
  );
}

/** What strict mode refuses in the manifest of a signature (item 18): the reference only looks at its one layer. */
export function findManifestLaxity(
  { form, subject }: Pick<SignatureManifest, 'form' | 'subject'>,
  artifact: Descriptor,
): Laxity | undefined {
  const again = 'Sign the artifact again, and remove this signature.';
  if (form === undefined) return laxity('the signature manifest does not say that it is a signature', again);
  if (subject === undefined) return laxity('the signature manifest has no subject', again);
  if (sameContent(subject, artifact)) return undefined;
  return laxity(`the subject of the signature manifest is another artifact: ${subject.digest}`, again);
}

function laxity(reason: string, hint: string): Laxity {
  return { error: `${reason} (refused because {input:strictness} is strict)`, hint };
}
