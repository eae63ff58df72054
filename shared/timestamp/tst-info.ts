// SPDX-License-Identifier: Apache-2.0
import { contextConstructedTag, contextTag, tag, type DerElement } from '../primitives/asn1.ts';
import { Asn1Fields, int64Of, integerOf, sequenceAt, valuesOf } from '../primitives/asn1-fields.ts';
import { instantOf } from '../primitives/asn1-instant.ts';
import { equalBytes } from '../primitives/bytes.ts';
import type { Instant } from '../primitives/instant.ts';
import { hashBytes, hashOfIdentifier } from './hash-algorithm.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';

/** Hash and algorithm of what was timestamped. */
export interface MessageImprint {
  /** Dotted. */
  readonly algorithm: string;
  /** The encoded algorithm parameters; undefined without any. */
  readonly parameters: Uint8Array | undefined;
  readonly hashedMessage: Uint8Array;
}

/** What a timestamp authority signs (RFC 3161, 2.4.2), as far as it counts. */
export interface TstInfo {
  readonly version: bigint;
  /** Dotted. */
  readonly policy: string;
  readonly messageImprint: MessageImprint;
  readonly genTime: Instant;
  readonly accuracy: Accuracy | undefined;
  readonly nonce: bigint | undefined;
}

export interface Accuracy {
  readonly seconds: bigint;
  readonly milliseconds: bigint;
  readonly microseconds: bigint;
}

/** The first and the last instant at which a timestamp can have been made; both are included. */
export interface TimestampRange {
  readonly earliest: Instant;
  readonly latest: Instant;
}

/** Reads a TSTInfo as the reference does (section 9.4): what follows the structure and extensions are not looked at. */
export function parseTstInfo(content: Uint8Array): TstInfo {
  return timestampStep('cannot unmarshal TSTInfo from timestamp token: ', () => readTstInfo(sequenceAt(content)));
}

function readTstInfo(fields: Asn1Fields): TstInfo {
  const version = fields.int64();
  const policy = fields.objectIdentifier();
  const messageImprint = readMessageImprint(fields.fields());
  fields.integer(); // serial number
  // the reference takes both types of time here
  const genTime = instantOf(fields.required(tag.generalizedTime, tag.utcTime));
  const accuracy = readAccuracy(fields.optionalFields());
  const ordering = fields.optional(tag.boolean);
  if (ordering !== undefined) checkBoolean(ordering);
  const nonce = fields.optional(tag.integer);
  const numbered = { version, policy, messageImprint, genTime, accuracy, nonce: nonce && integerOf(nonce) };
  fields.optional(contextTag(0), contextConstructedTag(0)); // tsa
  const extensions = fields.optional(contextConstructedTag(1));
  for (const { content } of extensions === undefined ? [] : valuesOf(extensions.content, tag.sequence)) {
    checkExtension(new Asn1Fields(content));
  }
  return numbered;
}

function readMessageImprint(fields: Asn1Fields): MessageImprint {
  const hashAlgorithm = fields.fields();
  const algorithm = hashAlgorithm.objectIdentifier();
  const parameters = hashAlgorithm.empty ? undefined : hashAlgorithm.any().encoded;
  return { algorithm, parameters, hashedMessage: fields.octetString() };
}

function readAccuracy(fields: Asn1Fields | undefined): Accuracy | undefined {
  if (fields === undefined) return undefined;
  const number = (element: DerElement | undefined) => (element === undefined ? 0n : int64Of(element));
  return {
    seconds: number(fields.optional(tag.integer)),
    milliseconds: number(fields.optional(contextTag(0))),
    microseconds: number(fields.optional(contextTag(1))),
  };
}

function checkExtension(fields: Asn1Fields): void {
  fields.objectIdentifier();
  const critical = fields.optional(tag.boolean);
  if (critical !== undefined) checkBoolean(critical);
  fields.octetString();
}

function checkBoolean({ content }: DerElement): void {
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff))
    throw invalidTimestamp('asn1: syntax error: invalid boolean');
}

/**
 * When a TSTInfo says that a message was timestamped. Throws `timestamp-invalid` if it is about another message or uses
 * another hash than SHA-256, 384 and 512.
 */
export function timestampRange(info: TstInfo, message: Uint8Array): TimestampRange {
  const { version, messageImprint, genTime } = info;
  if (version !== 1n) throw invalidInfo(`timestamp token info version must be 1, but got ${version}`);
  const hash = hashOfIdentifier(messageImprint.algorithm);
  if (hash === undefined) throw invalidInfo(`unrecognized hash algorithm: ${messageImprint.algorithm}`);
  if (!equalBytes(messageImprint.hashedMessage, hashBytes(hash, message))) throw invalidInfo('mismatched message');
  const accuracy = accuracyInNanoseconds(info);
  return { earliest: shift(genTime, -accuracy), latest: shift(genTime, accuracy) };
}

/** The baseline time-stamp policy of ETSI TS 102 023 promises one second. */
const baselinePolicy = '0.4.0.2023.1.1';
const second = 1_000_000_000n;

function accuracyInNanoseconds({ accuracy, policy }: TstInfo): bigint {
  const { seconds = 0n, milliseconds = 0n, microseconds = 0n } = accuracy ?? {};
  // a negative accuracy would turn the range inside out, and so put genTime itself outside of it
  if (seconds < 0n || milliseconds < 0n || microseconds < 0n) throw invalidInfo('accuracy must not be negative');
  const total = seconds * second + milliseconds * 1_000_000n + microseconds * 1_000n;
  return total === 0n && policy === baselinePolicy ? second : total;
}

function shift(instant: Instant, nanoseconds: bigint): Instant {
  const total = instant.seconds * second + BigInt(instant.nanoseconds) + nanoseconds;
  const fraction = ((total % second) + second) % second;
  return { ...instant, seconds: (total - fraction) / second, nanoseconds: Number(fraction) };
}

function invalidInfo(problem: string) {
  return invalidTimestamp(`invalid TSTInfo: ${problem}`);
}
