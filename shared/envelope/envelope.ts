// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import { checkContent } from './attributes.ts';
import { prepareCose } from './cose-sign.ts';
import { parseCose } from './cose.ts';
import {
  type EnvelopeContent,
  type EnvelopeMediaType,
  envelopeMediaTypes,
  type ParsedEnvelope,
  type VerifiedEnvelope,
} from './content.ts';
import { prepareJws } from './jws-sign.ts';
import { parseJws } from './jws.ts';
import { type CheckedRequest, checkRequest, type EnvelopeRequest, type PreparedEnvelope } from './request.ts';

interface Format {
  readonly parse: (bytes: Uint8Array) => ParsedEnvelope;
  readonly prepare: (request: CheckedRequest) => PreparedEnvelope;
}

/** The two formats; what is not in this table is not supported. */
const formats: Readonly<Record<EnvelopeMediaType, Format>> = {
  [envelopeMediaTypes.jws]: { parse: parseJws, prepare: prepareJws },
  [envelopeMediaTypes.cose]: { parse: parseCose, prepare: prepareCose },
};

const parsed = Symbol('parsed');

/** An envelope that could be parsed. It shows nothing: only `verifyIntegrity` gives content that can be trusted. */
export interface SignatureEnvelope {
  readonly mediaType: EnvelopeMediaType;
  readonly [parsed]: ParsedEnvelope;
}

/** Whether a media type is one of the two envelope formats. */
export function isEnvelopeMediaType(mediaType: string): mediaType is EnvelopeMediaType {
  return Object.hasOwn(formats, mediaType);
}

/** Parses a signature envelope. Throws `envelope-unsupported` for another media type, `envelope-invalid` for broken bytes. */
export function parseEnvelope(mediaType: string, bytes: Uint8Array): SignatureEnvelope {
  if (!isEnvelopeMediaType(mediaType)) {
    const message = `signature envelope format with media type ${quote(mediaType)} is not supported`;
    throw new NotaryError('envelope-unsupported', message, {
      hint: `Supported are ${Object.keys(formats).join(' and ')}.`,
    });
  }
  return { mediaType, [parsed]: formats[mediaType].parse(bytes) };
}

/** What an envelope says, without any verification: for showing it, never for deciding. Throws as `verifyIntegrity`. */
export function readContent(envelope: SignatureEnvelope): EnvelopeContent {
  return checkContent(envelope.mediaType, envelope[parsed].readContent());
}

/**
 * Verifies the signature with the key of the leaf certificate, then the attributes and the chain rules; whether the chain is
 * trusted is not asked here. Throws `envelope-integrity`, `envelope-invalid` or `algorithm-unsupported`.
 */
export function verifyIntegrity(envelope: SignatureEnvelope): VerifiedEnvelope {
  envelope[parsed].verifySignature();
  return readContent(envelope) as VerifiedEnvelope;
}

/** Whether a signature that verifies does so with the salt its algorithm prescribes; the reference takes any in JWS. */
export function hasPrescribedSalt(envelope: SignatureEnvelope): boolean {
  return envelope[parsed].hasPrescribedSalt();
}

/** Makes the bytes to sign. Throws `sign-request-invalid` or `envelope-invalid`. */
export function prepareEnvelope(mediaType: EnvelopeMediaType, request: EnvelopeRequest): PreparedEnvelope {
  return formats[mediaType].prepare(checkRequest(request));
}
