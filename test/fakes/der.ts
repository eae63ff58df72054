// SPDX-License-Identifier: Apache-2.0

/** Writes DER by hand, so that tests can also write what no library would. */

/** One value: identifier, length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(content);
  return Uint8Array.from(Buffer.concat([Buffer.from([tag]), lengthOctets(bytes.length), bytes]));
}

function lengthOctets(length: number): Buffer {
  return length < 0x80 ? Buffer.from([length]) : octetsWithCount(unsigned(BigInt(length)));
}

function octetsWithCount(octets: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

function unsigned(value: bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}

export function sequence(...content: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...content);
}

export function set(...content: readonly Uint8Array[]): Uint8Array {
  return der(0x31, ...content);
}

/** `[n]` constructed: explicit tagging, or implicit tagging of a constructed type. */
export function context(number: number, ...content: readonly Uint8Array[]): Uint8Array {
  return der(0xa0 | number, ...content);
}

/** `[n]` primitive. */
export function contextPrimitive(number: number, content: Uint8Array): Uint8Array {
  return der(0x80 | number, content);
}

export function boolean(value: boolean): Uint8Array {
  return der(0x01, Uint8Array.of(value ? 0xff : 0));
}

export function nullValue(): Uint8Array {
  return der(0x05);
}

export function integer(value: bigint | number): Uint8Array {
  const number = BigInt(value);
  let bytes = 1;
  while (BigInt.asIntN(8 * bytes, number) !== number) bytes++;
  const digits = BigInt.asUintN(8 * bytes, number).toString(16);
  return der(0x02, Buffer.from(digits.padStart(2 * bytes, '0'), 'hex'));
}

export function octetString(content: Uint8Array): Uint8Array {
  return der(0x04, content);
}

export function bitString(content: Uint8Array, unusedBits = 0): Uint8Array {
  return der(0x03, Uint8Array.of(unusedBits), content);
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = [40 * first + second, ...rest].map((arc) => {
    const octets = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) octets.unshift(0x80 | (high % 128));
    return Buffer.from(octets);
  });
  return der(0x06, ...arcs);
}

export function text(tag: number, content: string): Uint8Array {
  return der(tag, Buffer.from(content, 'utf8'));
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
export function time(date: Date): Uint8Array {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050 ? text(0x17, digits.slice(2)) : text(0x18, digits);
}
