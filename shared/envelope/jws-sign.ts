// SPDX-License-Identifier: Apache-2.0
import { messageOf, NotaryError } from '../errors.ts';
import { encodeBase64, encodeBase64Url } from '../primitives/base64.ts';
import { formatRfc3339 } from '../primitives/go-time.ts';
import { dateOfInstant } from '../primitives/instant.ts';
import { encodeGoJson, type GoJson } from '../primitives/json-encode.ts';
import { objectOf } from '../primitives/json-fields.ts';
import { parseJson } from '../primitives/json.ts';
import { plainJson } from '../primitives/json-plain.ts';
import { quote } from '../primitives/quote.ts';
import { claimNames } from './attributes.ts';
import { invalidRequest } from './envelope-error.ts';
import { type CheckedRequest, type PreparedEnvelope, type UnsignedAdditions, certificatesOf } from './request.ts';

/** Prepares a JWS envelope byte for byte as Notation writes it (reference 2.1, 2.2). Throws `sign-request-invalid`. */
export function prepareJws(request: CheckedRequest): PreparedEnvelope {
  const header = encodeBase64Url(encodeJwsHeader(request));
  const payload = encodeBase64Url(encodeJwsPayload(request.payload.content));
  return {
    toBeSigned: new TextEncoder().encode(`${header}.${payload}`),
    complete: (signature, unsigned) =>
      encodeGoJson({
        payload,
        protected: header,
        header: unprotectedHeader(request, unsigned),
        signature: encodeBase64Url(signature),
      }),
  };
}

function unprotectedHeader(request: CheckedRequest, unsigned: UnsignedAdditions = {}): GoJson {
  const { timestampSignature: token } = unsigned;
  return {
    [claimNames.timestampSignature]: token === undefined || token.length === 0 ? undefined : encodeBase64(token),
    x5c: certificatesOf(request, unsigned).map(encodeBase64),
    [claimNames.signingAgent]: request.signingAgent === '' ? undefined : request.signingAgent,
  };
}

/** The payload with the keys of every object sorted: the reference reads it into a map before it signs. */
export function encodeJwsPayload(content: Uint8Array): Uint8Array {
  try {
    const payload = parseJson(content);
    return encodeGoJson(payload.kind === 'null' ? null : plainJson(objectOf(payload, 'payload')));
  } catch (error) {
    throw invalidRequest(`payload format error: ${messageOf(error)}`, error);
  }
}

/** The protected header, sorted by key. */
export function encodeJwsHeader(request: Omit<CheckedRequest, 'certificateChain'>): Uint8Array {
  const extended = collectExtended(request);
  const claims = claimsOf(request);
  for (const key of extended.keys()) {
    if (claims.has(key)) throw invalidRequest(`attribute key:${key} repeated`);
  }
  try {
    return encodeGoJson(new Map([...claims, ...extended]));
  } catch (error) {
    throw error instanceof NotaryError ? invalidRequest(error.message, error) : error;
  }
}

function collectExtended({ extended }: Pick<CheckedRequest, 'extended'>): ReadonlyMap<string, GoJson> {
  const attributes = new Map<string, GoJson>();
  for (const { key, value } of extended) {
    if (typeof key !== 'string') throw invalidRequest('JWS envelope format only supports key of type string');
    if (attributes.has(key)) throw invalidRequest(`${quote(key)} already exists in the extAttrs`);
    attributes.set(key, value as GoJson);
  }
  return attributes;
}

/** The critical list is in the order scheme, extended attributes, authentic signing time, expiry; COSE has another. */
function claimsOf(request: Omit<CheckedRequest, 'certificateChain'>): ReadonlyMap<string, GoJson> {
  const { signingScheme, expiry, extended } = request;
  const timeName = signingScheme === 'notary.x509' ? claimNames.signingTime : claimNames.authenticSigningTime;
  const critical: string[] = [claimNames.signingScheme];
  for (const { key, critical: isCritical } of extended) if (isCritical) critical.push(String(key));
  if (timeName === claimNames.authenticSigningTime) critical.push(timeName);
  if (expiry !== undefined) critical.push(claimNames.expiry);
  const claims = new Map<string, GoJson>([
    ['alg', request.algorithm.jws],
    ['cty', request.payload.contentType],
    ['crit', critical],
    [claimNames.signingScheme, signingScheme],
    [timeName, formatRfc3339(dateOfInstant(request.signingTime))],
  ]);
  return expiry === undefined ? claims : claims.set(claimNames.expiry, formatRfc3339(dateOfInstant(expiry)));
}
