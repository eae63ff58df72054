// SPDX-License-Identifier: Apache-2.0
// What verification compares with received bytes. Requests, which are sent, are encoded by pkijs.
import { tag } from './asn1.ts';
import { concatBytes } from './bytes.ts';

/** One value in DER: identifier octet, length in its shortest form, content. */
export function encodeDer(identifier: number, ...content: readonly Uint8Array[]): Uint8Array {
  const bytes = concatBytes(...content);
  return concatBytes(Uint8Array.of(identifier), lengthOctets(bytes.length), bytes);
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets = magnitude(BigInt(length));
  return concatBytes(Uint8Array.of(0x80 | octets.length), octets);
}

export function sequence(...members: readonly Uint8Array[]): Uint8Array {
  return encodeDer(tag.sequence, ...members);
}

/** SET OF: the members in the order of their encodings (X.690, 11.6). */
export function setOf(...members: readonly Uint8Array[]): Uint8Array {
  return encodeDer(tag.set, ...members.toSorted((a, b) => Buffer.compare(a, b)));
}

export function octetString(content: Uint8Array): Uint8Array {
  return encodeDer(tag.octetString, content);
}

/** A dotted identifier. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encodeDer(tag.objectIdentifier, ...[40 * first + second, ...rest].map(subidentifier));
}

/** Base 128, all octets but the last with the top bit set (X.690, 8.19.2). */
function subidentifier(arc: number): Uint8Array {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift(0x80 | (rest % 128));
  return Uint8Array.from(octets);
}

function magnitude(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return new Uint8Array(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}
