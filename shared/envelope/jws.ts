// SPDX-License-Identifier: Apache-2.0
import { messageOf, NotaryError } from '../errors.ts';
import { decodeBase64Url } from '../primitives/base64.ts';
import { verifySignature } from '../primitives/crypto.ts';
import { bytesArrayField, bytesField, objectField, objectOf, stringField } from '../primitives/json-fields.ts';
import { parseJson } from '../primitives/json.ts';
import { plainJson } from '../primitives/json-plain.ts';
import { type Certificate, parseForeignCertificate } from '../x509/certificate.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from './algorithm.ts';
import { claimNames } from './attributes.ts';
import type { ParsedEnvelope, UncheckedContent } from './content.ts';
import { brokenIntegrity, invalidEnvelope, readingEnvelope } from './envelope-error.ts';
import { parseProtectedHeader, readJwsClaims } from './jws-header.ts';

/** The members of a flattened JWS JSON serialisation, not yet decoded (specs/signature-envelope-jws.md). */
interface Jws {
  readonly payload: string;
  readonly protected: string;
  readonly signature: string;
  readonly certificates: readonly Uint8Array[];
  readonly timestampSignature: Uint8Array | undefined;
  readonly signingAgent: string;
}

/** Parses a JWS envelope. Throws `envelope-invalid`. */
export function parseJws(bytes: Uint8Array): ParsedEnvelope {
  const jws = readingEnvelope(() => readJws(bytes));
  return {
    verifySignature: () => {
      verifyJws(jws);
    },
    hasPrescribedSalt: () => jwsHasPrescribedSalt(jws),
    readContent: () => readJwsContent(jws),
  };
}

function readJws(bytes: Uint8Array): Jws {
  const document = objectOf(parseJson(bytes), 'envelope');
  const header = objectField(document, 'header') ?? { kind: 'object', at: document.at, members: [] };
  return {
    payload: stringField(document, 'payload'),
    protected: stringField(document, 'protected'),
    signature: stringField(document, 'signature'),
    certificates: bytesArrayField(header, 'x5c') ?? [],
    timestampSignature: bytesField(header, claimNames.timestampSignature),
    signingAgent: stringField(header, claimNames.signingAgent),
  };
}

function verifyJws(jws: Jws, saltLength: 'auto' | 'digest' = 'auto'): void {
  const [leaf] = jws.certificates;
  if (leaf === undefined) throw invalidEnvelope('certificate chain is not present');
  const certificate = parseLeaf(leaf);
  try {
    verifyJwt(jws, certificate, saltLength);
  } catch (error) {
    throw brokenIntegrity(messageOf(error), error);
  }
}

function jwsHasPrescribedSalt(jws: Jws): boolean {
  try {
    verifyJws(jws, 'digest');
    return true;
  } catch (error) {
    if (error instanceof NotaryError) return false;
    throw error;
  }
}

function parseLeaf(der: Uint8Array): Certificate {
  try {
    return parseForeignCertificate(der);
  } catch (error) {
    throw invalidEnvelope('malformed leaf certificate', error);
  }
}

/** The checks of golang-jwt `Parser.Parse`, in its order; the claims of a JWT (`exp`, `nbf`) are not among them. */
function verifyJwt(jws: Jws, certificate: Certificate, saltLength: 'auto' | 'digest'): void {
  const parts = [jws.protected, jws.payload, jws.signature];
  if (parts.some((part) => part.includes('.'))) throw tokenError('token contains an invalid number of segments');
  const header = plainJson(objectOf(parseJson(decodeBase64Url(jws.protected)), 'header'));
  // only the first value is read: the reference uses a stream decoder here
  objectOf(parseJson(decodeBase64Url(jws.payload), { trailing: 'ignore' }), 'payload');
  const algorithm = jwtAlgorithm(header instanceof Map ? header.get('alg') : undefined);
  const signature = decodeBase64Url(jws.signature);
  const toBeVerified = Buffer.from(`${jws.protected}.${jws.payload}`);
  if (!verifiesWith(algorithm, certificate, toBeVerified, signature, saltLength)) {
    throw tokenError(`crypto/${algorithm.kind === 'ecdsa' ? 'ecdsa' : 'rsa'}: verification error`);
  }
}

/** Names that golang-jwt knows; the six of the table are allowed. */
const knownMethods = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'none'];

function jwtAlgorithm(name: unknown): SignatureAlgorithm {
  if (typeof name !== 'string') throw tokenError('signing method (alg) is unspecified.');
  const algorithm = signatureAlgorithms.find(({ jws }) => jws === name);
  if (algorithm !== undefined) return algorithm;
  if (knownMethods.includes(name)) throw tokenError(`signing method ${name} is invalid`);
  throw tokenError('signing method (alg) is unavailable.');
}

function verifiesWith(
  algorithm: SignatureAlgorithm,
  { publicKey }: Certificate,
  data: Uint8Array,
  signature: Uint8Array,
  saltLength: 'auto' | 'digest',
): boolean {
  if (publicKey === undefined) throw tokenError('key is of invalid type');
  // For RSA the modulus decides the length here; a key of another size than the algorithm's is found later (2.6 step 14).
  const signatureSize = algorithm.kind === 'rsa-pss' ? signature.length : algorithm.signatureSize;
  return verifySignature({ ...algorithm, signatureSize }, publicKey, data, signature, { saltLength });
}

function tokenError(message: string): NotaryError {
  return new NotaryError('malformed', message);
}

/** Reads the claims in the reference's order, which decides the error of an envelope with several faults. */
function readJwsContent(jws: Jws): UncheckedContent {
  const header = parseProtectedHeader(jws.protected);
  const content = readingEnvelope(() => decodeBase64Url(jws.payload), 'payload error: ');
  const { algorithm, claims } = readJwsClaims(header);
  const signature = readingEnvelope(() => decodeBase64Url(jws.signature));
  if (signature.length === 0) throw invalidEnvelope('signature missing in jws-json envelope');
  const token = jws.timestampSignature;
  return {
    payload: { contentType: header.contentType, content },
    claims,
    unsignedAttributes: {
      signingAgent: jws.signingAgent === '' ? undefined : jws.signingAgent,
      timestampSignature: token?.length === 0 ? undefined : token,
    },
    certificates: jws.certificates,
    algorithm,
    signature,
  };
}
