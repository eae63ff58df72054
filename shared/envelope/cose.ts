// SPDX-License-Identifier: Apache-2.0
import { messageOf, NotaryError } from '../errors.ts';
import { encodeCbor } from '../primitives/cbor-encode.ts';
import type { CborArray, CborItem } from '../primitives/cbor-item.ts';
import { parseCbor } from '../primitives/cbor.ts';
import { verifySignature } from '../primitives/crypto.ts';
import { type Certificate, parseForeignCertificate } from '../x509/certificate.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from './algorithm.ts';
import { algorithmOfLeaf, claimNames } from './attributes.ts';
import type { ParsedEnvelope, UncheckedContent, UnsignedAttributes } from './content.ts';
import { readCoseClaims } from './cose-claims.ts';
import { type CoseBuckets, type CoseHeaders, coseLabels, parseBuckets } from './cose-headers.ts';
import { brokenIntegrity, invalidEnvelope, readingEnvelope } from './envelope-error.ts';

/** A COSE_Sign1 message (RFC 9052 section 4.2, specs/signature-envelope-cose.md). */
interface CoseSign1 extends CoseBuckets {
  /** Undefined when it is detached, which never verifies. */
  readonly payload: Uint8Array | undefined;
  readonly signature: Uint8Array;
}

/** Tag 18 in its short form and an array of four: the only beginning that go-cose takes. */
const prefix = [0xd2, 0x84];

/** Parses a COSE_Sign1_Tagged envelope. Throws `envelope-invalid`. */
export function parseCose(bytes: Uint8Array): ParsedEnvelope {
  const cose = readingEnvelope(() => readCose(bytes));
  return {
    verifySignature: () => {
      verifyCose(cose);
    },
    // go-cose takes no other salt: what has been verified has it
    hasPrescribedSalt: () => true,
    readContent: () => readCoseContent(cose),
  };
}

function readCose(bytes: Uint8Array): CoseSign1 {
  if (prefix.some((byte, index) => bytes[index] !== byte)) throw malformed('cbor: invalid COSE_Sign1_Tagged object');
  // the tag has been read; any other one is refused outside the protected byte string
  const { items } = parseCbor(bytes.subarray(1), { tags: 'forbidden' }) as CborArray;
  const [protectedItem, unprotectedItem, payload, signature] = items as [CborItem, CborItem, CborItem, CborItem];
  const content = bytesOrNil(payload);
  const signatureBytes = bytesOrNil(signature);
  if (signatureBytes === undefined || signatureBytes.length === 0) throw malformed('empty signature');
  return { ...parseBuckets(protectedItem, unprotectedItem), payload: content, signature: signatureBytes };
}

function bytesOrNil(item: CborItem): Uint8Array | undefined {
  if (item.kind === 'bytes') return item.value;
  if (item.kind === 'simple' && item.value === 22) return undefined;
  throw malformed('cbor: require bstr type');
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', message);
}

function verifyCose(cose: CoseSign1): void {
  const leaf = parseLeaf(cose.unprotected);
  const algorithm = algorithmOfLeaf(leaf);
  if ((leaf.publicKey?.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) {
    // Key specs count whole bytes, so 2047 bits are RSA-2048 in JWS; RFC 8230 section 6.1 is stricter.
    throw invalidEnvelope('RSA key must be at least 2048 bits long');
  }
  try {
    checkSignature(cose, leaf, algorithm);
  } catch (error) {
    throw brokenIntegrity(messageOf(error), error);
  }
}

function parseLeaf(unprotected: CoseHeaders): Certificate {
  const chain = unprotected.get(coseLabels.x5chain);
  const first = chain?.kind === 'array' ? chain.items[0] : undefined;
  if (first === undefined) throw invalidEnvelope('certificate chain is not present');
  if (first.kind !== 'bytes') throw invalidEnvelope('COSE envelope malformed leaf certificate');
  try {
    return parseForeignCertificate(first.value);
  } catch (error) {
    throw invalidEnvelope('malformed leaf certificate', error);
  }
}

/** go-cose `Sign1Message.Verify`, in its order. */
function checkSignature(cose: CoseSign1, { publicKey }: Certificate, algorithm: SignatureAlgorithm): void {
  if (cose.payload === undefined) throw malformed('missing payload');
  const claimed = cose.protected.get(coseLabels.algorithm);
  if (claimed === undefined) throw malformed('algorithm not found');
  if (claimed.kind !== 'integer') throw malformed('invalid algorithm');
  if (claimed.value !== BigInt(algorithm.cose)) {
    const header =
      signatureAlgorithms.find(({ cose: number }) => BigInt(number) === claimed.value)?.jws ?? claimed.value;
    throw malformed(`algorithm mismatch: verifier ${algorithm.jws}: header ${header}`);
  }
  const toBeVerified = encodeToBeSigned(cose.encodedProtected, cose.payload);
  const verified =
    publicKey !== undefined &&
    verifySignature(algorithm, publicKey, toBeVerified, cose.signature, { saltLength: 'digest' });
  if (!verified) throw malformed('verification error');
}

/** The Sig_structure without external data (RFC 9052 section 4.4). */
export function encodeToBeSigned(encodedProtected: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', encodedProtected, new Uint8Array(), payload]);
}

/** Reads the claims in the reference's order, which decides the error of an envelope with several faults. */
function readCoseContent(cose: CoseSign1): UncheckedContent {
  const contentType = cose.protected.get(coseLabels.contentType);
  if (contentType === undefined) throw invalidEnvelope('missing content type');
  if (contentType.kind !== 'text') throw invalidEnvelope("content type should be of 'tstr' type");
  const { algorithm, claims } = readCoseClaims(cose.protected);
  return {
    payload: { contentType: contentType.value, content: cose.payload ?? new Uint8Array() },
    claims,
    unsignedAttributes: unsignedAttributes(cose.unprotected),
    certificates: certificatesOf(cose.unprotected),
    algorithm,
    signature: cose.signature,
  };
}

function certificatesOf(unprotected: CoseHeaders): readonly Uint8Array[] {
  const chain = unprotected.get(coseLabels.x5chain);
  if (chain?.kind !== 'array' || chain.items.length === 0) throw invalidEnvelope('certificate chain is not present');
  return chain.items.map((item) => {
    if (item.kind !== 'bytes') throw invalidEnvelope('certificate chain is not present');
    return item.value;
  });
}

/** Attributes of another type than the specification's are ignored, because nothing depends on them. */
function unsignedAttributes(unprotected: CoseHeaders): UnsignedAttributes {
  const agent = unprotected.get(claimNames.signingAgent);
  const token = unprotected.get(claimNames.timestampSignature);
  return {
    signingAgent: agent?.kind === 'text' && agent.value !== '' ? agent.value : undefined,
    timestampSignature: token?.kind === 'bytes' && token.value.length > 0 ? token.value : undefined,
  };
}
