// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';

/** Levels of nesting: PKCS#12 has less than twenty, each content being read anew. */
const maxDepth = 32;
/** Values at one level: a file has a few bags. */
const maxMembers = 1000;

/** One BER value, whose parts are read when asked for. Everything throws `malformed`. */
export interface BerValue {
  readonly constructed: boolean;
  /** The octets without identifier and length. */
  readonly content: Uint8Array;
  /** The values in a constructed one. */
  members(): readonly BerValue[];
  /** The octets of an OCTET STRING, or of an implicitly tagged one, in one piece or several. */
  octets(): Uint8Array;
  objectIdentifier(): string;
  /** A small non-negative INTEGER. */
  integer(): number;
}

/** Reads one BER value (X.690), with definite or indefinite lengths, as PKCS#12 files have them. What follows it is ignored. */
export function readBer(bytes: Uint8Array, depth = 0): BerValue {
  return readAt(bytes, 0, depth).value;
}

interface Found {
  readonly value: BerValue;
  readonly end: number;
}

function readAt(bytes: Uint8Array, start: number, depth: number): Found {
  const [identifier, first] = [bytes[start], bytes[start + 1]];
  if (identifier === undefined || first === undefined || (identifier & 0x1f) === 0x1f || depth > maxDepth) {
    throw malformed('it is not ASN.1');
  }
  const constructed = (identifier & 0x20) !== 0;
  if (first === 0x80 && constructed) return indefinite(bytes, start + 2, depth);
  let contentStart = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed('a length in it is wrong');
    length = 0;
    for (; contentStart < start + 2 + count; contentStart++) length = length * 0x100 + (bytes[contentStart] ?? 0);
  }
  const end = contentStart + length;
  if (end > bytes.length) throw malformed('it is cut off');
  const content = bytes.subarray(contentStart, end);
  return { value: valueOf(identifier, constructed, content, depth), end };
}

/** Values up to the end-of-contents octets. */
function indefinite(bytes: Uint8Array, contentStart: number, depth: number): Found {
  let position = contentStart;
  while (bytes[position] !== 0 || bytes[position + 1] !== 0) {
    if (position >= bytes.length) throw malformed('it is cut off');
    position = readAt(bytes, position, depth + 1).end;
  }
  const content = bytes.subarray(contentStart, position);
  return { value: valueOf(0, true, content, depth), end: position + 2 };
}

function valueOf(identifier: number, constructed: boolean, content: Uint8Array, depth: number): BerValue {
  const members = (): BerValue[] => {
    if (!constructed) throw malformed('a value in it has no members');
    const found: BerValue[] = [];
    for (let position = 0; position < content.length;) {
      const { value, end } = readAt(content, position, depth + 1);
      found.push(value);
      position = end;
      if (found.length > maxMembers) throw malformed('it has too many parts');
    }
    return found;
  };
  return {
    constructed,
    content,
    members,
    octets: () => (constructed ? Buffer.concat(members().map((part) => part.octets())) : content),
    objectIdentifier: () => {
      if (identifier !== 0x06) throw malformed('an object identifier is missing');
      return dotted(content);
    },
    integer: () => {
      if (identifier !== 0x02 || content.length > 5) throw malformed('a number in it is wrong');
      return content.reduce((sum, octet) => sum * 0x100 + octet, 0);
    },
  };
}

function dotted(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 0x80 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) throw malformed('an object identifier is too large');
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
