// SPDX-License-Identifier: Apache-2.0
import { parsePayload } from '../../../../shared/envelope/payload.ts';
import { decodeBase64, decodeBase64Url } from '../../../../shared/primitives/base64.ts';
import { parseGoTime } from '../../../../shared/primitives/instant.ts';
import { encodeGoJson } from '../../../../shared/primitives/json-encode.ts';
import { expectKind } from '../../../../shared/primitives/json-fields.ts';
import { plainJson } from '../../../../shared/primitives/json-plain.ts';
import { parseJson } from '../../../../shared/primitives/json.ts';
import { accepted, base64, type Family, refusedAt } from '../family.ts';
import { fold } from '../json.ts';
import type { Random } from '../random.ts';

const hexOf = (bytes: Uint8Array | string) => Buffer.from(bytes as string).toString('hex');

interface Encoding {
  readonly generate: (random: Random) => string;
  /** The decoded value as the oracle writes it; undefined when it is none. */
  readonly decode: (text: Uint8Array) => string | undefined;
}

const encodings: Readonly<Record<string, Encoding>> = {
  payload: { generate: payload, decode: decodePayload },
  json: { generate: document, decode: decodeDocument },
  time: { generate: time, decode: decodeTime },
  base64: { generate: standardBase64, decode: (text) => hexOf(decodeBase64(latin1(text))) },
  base64url: { generate: urlBase64, decode: (text) => hexOf(decodeBase64Url(latin1(text))) },
};

/** What envelopes are made of: payloads, JSON, times, base64. */
export const encoding: Family = {
  name: 'encoding',
  oracle: 'encoding',
  generate: (random) => {
    const kind = random.pick(Object.keys(encodings));
    const { generate, decode } = encodings[kind] as Encoding;
    const text = Buffer.from(generate(random));
    if (kind === 'payload' || kind === 'json') spoil(random, text);
    return {
      input: { kind, text: base64(text) },
      decide: () => {
        try {
          const decoded = decode(new Uint8Array(text));
          return decoded === undefined ? { accepted: false, stage: 'malformed' } : accepted(decoded);
        } catch (thrown) {
          return refusedAt('malformed', thrown);
        }
      },
    };
  },
};

function latin1(text: Uint8Array): string {
  return Buffer.from(text).toString('latin1');
}

/** Bytes that are no UTF-8. */
function spoil(random: Random, text: Buffer): void {
  if (text.length > 0 && random.chance(0.1))
    text[random.below(text.length)] = random.pick([0xff, 0xc3, 0xe2, 0xed, 0xa0]);
}

function decodePayload(text: Uint8Array): string {
  const { annotations, digest, mediaType, size } = parsePayload(text).targetArtifact;
  const shown = [...annotations].map(([key, value]) => `${hexOf(key)}=${hexOf(value)}`).sort();
  return `${hexOf(mediaType)} ${hexOf(digest)} ${size} [${shown.join(' ')}]`;
}

function decodeDocument(text: Uint8Array): string {
  const value = parseJson(text);
  if (value.kind === 'null') return 'null';
  return Buffer.from(encodeGoJson(plainJson(expectKind(value, 'object', 'document')))).toString();
}

function decodeTime(text: Uint8Array): string | undefined {
  const found = parseGoTime(Buffer.from(text).toString().slice(1, -1));
  return found && `${found.seconds} ${found.nanoseconds} ${found.offsetMinutes}`;
}

const pieces = [
  'a',
  'B',
  'é',
  '😀',
  '\\n',
  '\\u2028',
  '<',
  '&',
  '\\ud800',
  '\\udc00',
  '\\u0000',
  '\\/',
  '\\"',
  '\u2029',
  '\x7f',
  '\ufeff',
  'k',
  '\u212a',
  'ſ',
  '\\ud83d\\ude00',
  '_',
  '0',
  '\ufffd',
];

function text(random: Random): string {
  return `"${random.some(5, () => random.pick(pieces)).join('')}"`;
}

const numbers =
  `0 -0 1 1.0 1e2 -1 1e21 1e20 1e-6 1e-7 123456789012345678901 0.1 1.7976931348623157e308 1e309 5e-324 1e-400
9007199254740993 1.5e300 -1e-10 1E+2 100000000000000000000000`.split(/\s+/);

function number(random: Random): string {
  if (random.chance(0.9)) return random.pick(numbers);
  return String((random.float() - 0.5) * 10 ** (random.below(60) - 20));
}

function value(random: Random, depth = 0): string {
  const inner = () => value(random, depth + 1);
  switch (random.below(depth > 3 ? 5 : 8)) {
    case 0:
      return 'null';
    case 1:
      return random.pick(['true', 'false']);
    case 2:
    case 3:
      return number(random);
    case 4:
      return text(random);
    case 5:
      return `[${random.some(3, inner).join(',')}]`;
    default:
      return `{${random.some(3, () => `${text(random)}:${inner()}`).join(',')}}`;
  }
}

function document(random: Random): string {
  return noise(random, `{${random.some(4, () => `${text(random)}:${value(random)}`).join(',')}}`);
}

function noise(random: Random, text_: string): string {
  if (random.chance(0.85)) return text_;
  const at = random.below(text_.length + 1);
  return (
    text_.slice(0, at) + random.pick([' ', '\n', ',', '}', 'x', '"', '', '\0']) + text_.slice(at + random.below(2))
  );
}

const members: Readonly<Record<string, (random: Random) => string>> = {
  mediaType: text,
  digest: text,
  artifactType: text,
  size: (random) => random.pick(['0', '5', '-5', '9007199254740991', number(random)]),
  annotations: (random) => `{${random.some(2, () => `${text(random)}:${textOrValue(random)}`).join(',')}}`,
  urls: (random) => `[${random.some(2, () => textOrValue(random)).join(',')}]`,
  data: (random) => random.pick(['"AAAA"', '"A"', '[1]', 'null']),
  platform: (random) =>
    `{${random.pick(['"os":"x"', '"OS.version":1', '"os.features":["a"]', '"os.features":[1]', '"variant":null', '"architecture":{}'])}}`,
  x: value,
};

function textOrValue(random: Random): string {
  return random.chance(0.8) ? text(random) : value(random);
}

function payload(random: Random): string {
  const target = () =>
    random.sometimes(0.1, () => value(random), `{${random.some(4, () => descriptorMember(random)).join(',')}}`);
  const targets = random.times(1 + random.below(2), () => `"${folded(random, 'targetArtifact')}":${target()}`);
  return noise(random, `{${targets.join(',')}}`);
}

function descriptorMember(random: Random): string {
  const name = random.pick(Object.keys(members));
  const make = members[name] as (random: Random) => string;
  return `"${folded(random, name)}":${random.chance(0.75) ? make(random) : value(random)}`;
}

function folded(random: Random, name: string): string {
  return random.chance(0.6) ? name : fold(random, name);
}

function time(random: Random): string {
  const digits = (count: number) => String(random.below(10 ** count)).padStart(count, '0');
  const pick = (...values: string[]) => random.pick(values);
  const day = `${pick(digits(4), '0000', '2024', '9999')}-${pick(digits(2), '02', '12', '01')}-${pick(digits(2), '29', '30', '31', '01')}`;
  const clock = `${pick(digits(2), '0', '9', '23', '24')}:${pick(digits(2), '59', '00')}:${pick(digits(2), '59', '00', '60')}`;
  const fraction = pick('', '', `.${digits(1 + random.below(12))}`, `,${digits(2)}`, '.');
  const zone = pick('Z', 'Z', `+${digits(2)}:${digits(2)}`, '-00:00', '+24:60', '+01:00', '-0100', 'z', '');
  const written = `${day}T${clock}${fraction}${zone}`;
  if (!random.chance(0.2)) return `"${written}"`;
  const at = random.below(written.length);
  return `"${written.slice(0, at)}${pick('0', ' ', 'T', 'x', '-', ':')}${written.slice(at + random.below(2))}"`;
}

function standardBase64(random: Random): string {
  const characters = ['A', '/', '+', 'z', '9', '\n', '\r', 'Q', '=', '-', '_', ' '];
  return random.some(8, () => random.pick(characters)).join('') + random.pick(['', '=', '==', '=\n=', '===']);
}

function urlBase64(random: Random): string {
  const characters = ['A', '/', 'z', '9', '\n', '\r', 'Q', '-', '_', '-', '_', 'B', 'C'];
  return random.some(8, () => random.pick(characters)).join('') + random.pick(['', '', '', '=']);
}
