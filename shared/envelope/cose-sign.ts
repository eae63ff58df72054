// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { concatBytes } from '../primitives/bytes.ts';
import { type CborValue, encodeCbor } from '../primitives/cbor-encode.ts';
import { quote } from '../primitives/quote.ts';
import { claimNames } from './attributes.ts';
import { type CoseLabel, coseLabels } from './cose-headers.ts';
import { encodeToBeSigned } from './cose.ts';
import { invalidRequest } from './envelope-error.ts';
import { type CheckedRequest, type PreparedEnvelope, type UnsignedAdditions, certificatesOf } from './request.ts';

/** Prepares a COSE_Sign1_Tagged envelope byte for byte as Notation writes it. Throws `sign-request-invalid`. */
export function prepareCose(request: CheckedRequest): PreparedEnvelope {
  const { content } = request.payload;
  const protectedMap = encodeCoseProtected(request);
  return {
    toBeSigned: encodeToBeSigned(protectedMap, content),
    complete: (signature, unsigned) =>
      encodeCoseSign1(protectedMap, unprotectedMap(request, unsigned), content, signature),
  };
}

/** Tag 18 around the four parts of a message. */
export function encodeCoseSign1(
  protectedMap: Uint8Array,
  unprotected: ReadonlyMap<CoseLabel, CborValue>,
  payload: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  if (signature.length === 0) throw invalidRequest('empty signature');
  return concatBytes(Uint8Array.of(0xd2), encodeCbor([protectedMap, unprotected, payload, signature]));
}

/** The protected bucket: a map whose order the encoder decides. */
export function encodeCoseProtected(request: Omit<CheckedRequest, 'certificateChain'>): Uint8Array {
  const { signingScheme, expiry, extended } = request;
  const timeName = signingScheme === 'notary.x509' ? claimNames.signingTime : claimNames.authenticSigningTime;
  const headers = new Map<CoseLabel, CborValue>([
    [coseLabels.algorithm, request.algorithm.cose],
    [claimNames.signingScheme, signingScheme],
    [timeName, { epochSeconds: request.signingTime.seconds }],
  ]);
  if (expiry !== undefined) headers.set(claimNames.expiry, { epochSeconds: expiry.seconds });
  for (const { key, value } of extended) {
    if (headers.has(key)) throw invalidRequest(`${quote(String(key))} already exists in the protected header`);
    headers.set(key, value as CborValue);
  }
  headers.set(coseLabels.critical, criticalLabels(request));
  headers.set(coseLabels.contentType, request.payload.contentType);
  return encoding(() => encodeCbor(headers));
}

/** The list is in the order scheme, authentic signing time, expiry, extended attributes; JWS has another. */
function criticalLabels(request: Omit<CheckedRequest, 'certificateChain'>): CoseLabel[] {
  const labels: CoseLabel[] = [claimNames.signingScheme];
  if (request.signingScheme === 'notary.x509.signingAuthority') labels.push(claimNames.authenticSigningTime);
  if (request.expiry !== undefined) labels.push(claimNames.expiry);
  return [...labels, ...request.extended.filter(({ critical }) => critical).map(({ key }) => key)];
}

function unprotectedMap(request: CheckedRequest, unsigned: UnsignedAdditions = {}): ReadonlyMap<CoseLabel, CborValue> {
  const headers = new Map<CoseLabel, CborValue>([[coseLabels.x5chain, certificatesOf(request, unsigned)]]);
  if (request.signingAgent !== '') headers.set(claimNames.signingAgent, request.signingAgent);
  const token = unsigned.timestampSignature;
  if (token !== undefined && token.length > 0) headers.set(claimNames.timestampSignature, token);
  return headers;
}

function encoding<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw error instanceof NotaryError ? invalidRequest(error.message, error) : error;
  }
}
