// SPDX-License-Identifier: Apache-2.0
import { bitAt, DerReader, tag, type BitString, type DerElement } from '../primitives/asn1.ts';
import { Asn1Fields, sequenceAt } from '../primitives/asn1-fields.ts';
import { textOfString } from '../primitives/asn1-string.ts';
import { equalBytes, hexOfBytes } from '../primitives/bytes.ts';
import { NotaryError } from '../errors.ts';
import { objectIdentifier, octetString, sequence } from '../primitives/der-encode.ts';
import type { TimestampRequest } from './request.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';
import { hasSigningCertificate, parseToken, type TimestampToken } from './token.ts';
import { parseTstInfo, type TstInfo } from './tst-info.ts';

/** The answer to a request, as far as its form goes; who signed it is not known yet. */
export interface TimestampResponse {
  /** DER of the TimeStampToken exactly as received. */
  readonly encoded: Uint8Array;
  readonly token: TimestampToken;
  readonly info: TstInfo;
}

/**
 * Parses a TimeStampResp (RFC 3161, 2.4.2) and checks that it grants what was asked for (reference section 9.2). Bytes behind it
 * are not looked at. Throws `timestamp-invalid` in the reference's words.
 */
export function parseTimestampResponse(body: Uint8Array, request: TimestampRequest): TimestampResponse {
  const { status, encoded } = timestampStep('', () => readResponse(sequenceAt(body)));
  return timestampStep('invalid timestamping response: ', () => {
    checkStatus(status);
    const token = parseToken(encoded);
    const info = parseTstInfo(token.content);
    checkInfo(info, request);
    if (hasSigningCertificate(token)) return { encoded, token, info };
    throw invalidTimestamp('certReq is True in request, but did not find any TSA signing certificate in the response');
  });
}

interface Status {
  readonly code: bigint;
  /** What the authority says about it. */
  readonly texts: readonly string[];
  readonly failureInfo: BitString | undefined;
}

function readResponse(fields: Asn1Fields): { status: Status; encoded: Uint8Array } {
  const status = readStatus(fields.fields());
  return { status, encoded: Uint8Array.from(fields.optionalAny()?.encoded ?? []) };
}

/** PKIStatusInfo (RFC 3161, 2.4.2). */
function readStatus(fields: Asn1Fields): Status {
  const code = fields.int64();
  const texts = fields.optional(tag.sequence);
  const failureInfo = fields.optional(tag.bitString);
  return {
    code,
    texts: texts === undefined ? [] : readTexts(new Asn1Fields(texts.content)),
    failureInfo: failureInfo && new DerReader(failureInfo.encoded).bitString('asn1: syntax error: invalid BIT STRING'),
  };
}

function readTexts(fields: Asn1Fields): string[] {
  const texts: string[] = [];
  while (!fields.empty) texts.push(textOf(fields.any()));
  return texts;
}

const generalString = 0x1b;

/** The reference takes all types of string here. */
function textOf({ tag: type, content }: DerElement): string {
  const text = textOfString(type === generalString ? tag.t61String : type, content);
  if (text !== undefined) return text;
  throw new NotaryError('malformed', 'asn1: syntax error: invalid string');
}

const statuses = [
  'granted',
  'granted with modifications',
  'rejected',
  'the request body part has not yet been processed, expect to hear more later',
  'warning: a revocation is imminent',
  'a revocation has occurred',
];

/** PKIFailureInfo by the position of the bit. */
const failures: readonly (readonly [number, string])[] = [
  [0, 'unrecognized or unsupported Algorithm Identifier'],
  [2, 'transaction not permitted or supported'],
  [5, 'the data submitted has the wrong format'],
  [14, "the TSA's time source is not available"],
  [15, 'the requested TSA policy is not supported by the TSA'],
  [16, 'the requested extension is not supported by the TSA'],
  [17, 'the additional information requested could not be understood or is not available'],
  [25, 'the request cannot be handled due to system failure'],
];

function checkStatus({ code, texts, failureInfo }: Status): void {
  if (code === 0n || code === 1n) return;
  const meaning = statuses[Number(code)] ?? `unknown PKIStatus ${code}`;
  const found = failures.filter(([bit]) => failureInfo !== undefined && bitAt(failureInfo, bit));
  const details = found.length === 0 ? '' : `. Failure info: ${found.map(([, text]) => text).join('; ')}`;
  throw new NotaryError('timestamp-invalid', `invalid response with status code ${code}: ${meaning}${details}`, {
    hint:
      texts.length === 0
        ? 'The timestamp authority gives no reason.'
        : `The timestamp authority says: ${texts.join(' ')}`,
  });
}

/** No policy is asked for, so any will do. */
function checkInfo({ version, messageImprint, genTime, nonce }: TstInfo, request: TimestampRequest): void {
  if (version !== 1n) throw invalidTimestamp(`timestamp token info version must be 1, but got ${version}`);
  const { algorithm, parameters = new Uint8Array(), hashedMessage } = messageImprint;
  const imprint = sequence(sequence(objectIdentifier(algorithm), parameters), octetString(hashedMessage));
  if (!equalBytes(imprint, request.messageImprint)) {
    const [found, wanted] = [imprint, request.messageImprint].map(hexOfBytes);
    throw invalidTimestamp(`message imprint in response ${found} does not match with request ${wanted}`);
  }
  if (genTime.offsetMinutes !== 0) throw invalidTimestamp('TSTInfo genTime must be in UTC');
  if (nonce !== request.nonce) {
    throw invalidTimestamp(`nonce in response ${nonce ?? '<nil>'} does not match nonce in request ${request.nonce}`);
  }
}
