// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { tag } from '../primitives/asn1.ts';
import { Asn1Fields } from '../primitives/asn1-fields.ts';
import { instantOf } from '../primitives/asn1-instant.ts';
import type { Instant } from '../primitives/instant.ts';

/** Extension of OCSP responses and CRL entries (RFC 5280, 5.3.2). */
export const invalidityDateOid = '2.5.29.24';

/** Since when a key is compromised or a certificate otherwise invalid. Throws `malformed`. */
export function parseInvalidityDate(value: Uint8Array): Instant {
  const fields = new Asn1Fields(value);
  const date = readDate(fields);
  if (!fields.empty) throw malformed('invalid invalidity date extension: trailing data');
  return date;
}

function readDate(fields: Asn1Fields): Instant {
  try {
    return instantOf(fields.required(tag.generalizedTime, tag.utcTime));
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    throw malformed(`failed to parse invalidity date: ${error.message}`);
  }
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
