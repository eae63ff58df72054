// SPDX-License-Identifier: Apache-2.0
import { DerReader, contextConstructedTag, rightAligned, tag } from '../primitives/asn1.ts';
import type { Certificate } from './certificate.ts';

/** The subjectPublicKey of a certificate without the header of its BIT STRING: what key identifiers are made of. */
export function publicKeyBits({ tbsCertificate }: Certificate): Uint8Array {
  const problem = 'x509: malformed tbs certificate';
  const tbs = new DerReader(tbsCertificate).enter(tag.sequence, problem);
  tbs.enterOptional(contextConstructedTag(0), problem); // version
  tbs.any(problem); // serial number
  for (const field of ['signature', 'issuer', 'validity', 'subject']) tbs.content(tag.sequence, `${problem}: ${field}`);
  const info = tbs.enter(tag.sequence, problem);
  info.content(tag.sequence, problem); // algorithm
  return rightAligned(info.bitString(problem));
}
