// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec, type SignatureAlgorithm } from '../../shared/envelope/algorithm.ts';
import { envelopeMediaTypes, payloadMediaType } from '../../shared/envelope/content.ts';
import { parseEnvelope, type SignatureEnvelope } from '../../shared/envelope/envelope.ts';
import { signBytes } from '../../shared/primitives/crypto.ts';
import type { TestSigner } from './certificate-authority.ts';

/** Members of a JSON object; undefined leaves one out. */
export type Members = Readonly<Record<string, unknown>>;

/** A JWS envelope written member by member, so that it can be wrong in any way and still be signed. */
export interface CraftedJws {
  readonly signer: TestSigner;
  /** Changes to a header that is right; or the header's text. */
  readonly header?: Members | string;
  /** The payload's text. */
  readonly payload?: string;
  /** Changes to the unprotected header. */
  readonly unprotected?: Members;
  /** Changes to the envelope, after it has been signed. */
  readonly envelope?: Members;
  /** Instead of the signature by the signer's algorithm. */
  readonly sign?: (toBeSigned: Uint8Array) => Uint8Array;
}

export const scheme = 'io.cncf.notary.signingScheme';
export const signingTime = 'io.cncf.notary.signingTime';
export const authenticSigningTime = 'io.cncf.notary.authenticSigningTime';
export const expiry = 'io.cncf.notary.expiry';

/** A small payload, as it is signed. */
export const payloadText = '{"targetArtifact":{"digest":"sha256:00","mediaType":"a/b","size":1}}';

/** The text of the envelope. */
export function craftJws(spec: CraftedJws): string {
  const header = encode(typeof spec.header === 'string' ? spec.header : JSON.stringify(headerOf(spec)));
  const payload = encode(spec.payload ?? payloadText);
  const toBeSigned = Buffer.from(`${header}.${payload}`);
  const signature = spec.sign?.(toBeSigned) ?? signBytes(algorithmOf(spec.signer), spec.signer.privateKey, toBeSigned);
  return JSON.stringify({
    payload,
    protected: header,
    header: { x5c: x5cOf(spec.signer), 'io.cncf.notary.signingAgent': 'crafted/1', ...spec.unprotected },
    signature: Buffer.from(signature).toString('base64url'),
    ...spec.envelope,
  });
}

/** The same, parsed. */
export function parseCraftedJws(spec: CraftedJws): SignatureEnvelope {
  return parseJwsText(craftJws(spec));
}

/** Parses the text of a JWS envelope. */
export function parseJwsText(text: string): SignatureEnvelope {
  return parseEnvelope(envelopeMediaTypes.jws, Buffer.from(text));
}

/** The certificates as base64. */
export function x5cOf(signer: TestSigner): string[] {
  return signer.chainDer.map((der) => Buffer.from(der).toString('base64'));
}

/** base64url of a text. */
export function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The algorithm of the signer's key. */
export function algorithmOf(signer: TestSigner): SignatureAlgorithm {
  const { keySpec } = signer.leaf.certificate;
  if (keySpec === undefined) throw new Error('this key cannot sign');
  return algorithmOfKeySpec(keySpec);
}

function headerOf(spec: CraftedJws): Members {
  return {
    alg: algorithmOf(spec.signer).jws,
    crit: [scheme],
    cty: payloadMediaType,
    [scheme]: 'notary.x509',
    [signingTime]: '2026-06-01T00:00:00Z',
    ...(spec.header as Members | undefined),
  };
}
