// SPDX-License-Identifier: Apache-2.0
import { dateOfInstant, type Instant } from '../../../../shared/primitives/instant.ts';
import { parseToken, verifyToken } from '../../../../shared/timestamp/token.ts';
import { parseTstInfo, timestampRange } from '../../../../shared/timestamp/tst-info.ts';
import { parseCertificate } from '../../../../shared/x509/certificate.ts';
import { validateTimestampingChain } from '../../../../shared/x509/timestamping-chain.ts';
import { boolean, context, contextPrimitive, integer, octetString, oid, sequence, text } from '../../../fakes/der.ts';
import type { TestHash, TokenSpec } from '../../../fakes/timestamp-token.ts';
import { mutateAsn1, mutateValues } from '../asn1.ts';
import { mutateBytes } from '../bytes.ts';
import { accepted, type Answer, base64, type Family, step } from '../family.ts';
import type { Random } from '../random.ts';
import { mutantTimestampSigner, mutantToken } from '../tokens.ts';

const message = new Uint8Array(Buffer.from('the signature'));
const signers = [
  mutantTimestampSigner('EC-256'),
  mutantTimestampSigner('EC-256'),
  mutantTimestampSigner('EC-384'),
  mutantTimestampSigner('RSA-2048'),
] as const;
const roots = signers.map(({ chain }) => chain.at(-1)?.der ?? new Uint8Array());

const parsedRoots = roots.map(parseCertificate);

/** Timestamp tokens: specified oddly, mutated before they are signed, and after. */
export const timestampToken: Family = {
  name: 'timestamp-token',
  oracle: 'timestamp-token',
  generate: (random) => {
    const token = damaged(random, mutantToken({ message, ...tokenSpec(random) }));
    return {
      input: { token: base64(token), message: base64(message), roots: roots.map(base64) },
      decide: () => decide(token),
    };
  },
};

function damaged(random: Random, token: Uint8Array): Uint8Array {
  const choice = random.float();
  if (choice < 0.12) return mutateBytes(random, token);
  return choice < 0.3 ? mutateAsn1(random, token) : token;
}

/** The steps of the reference's verifier, each with its name. */
function decide(encoded: Uint8Array): Answer {
  const token = step('parse', () => parseToken(encoded));
  if ('refused' in token) return token.refused;
  const info = step('info', () => parseTstInfo(token.value.content));
  if ('refused' in info) return info.refused;
  const range = step('validate', () => timestampRange(info.value, message));
  if ('refused' in range) return range.refused;
  const trust = { roots: parsedRoots, at: info.value.genTime };
  const chain = step('verify', () => verifyToken(token.value, trust));
  if ('refused' in chain) return chain.refused;
  const validated = step('chain', () => {
    validateTimestampingChain(chain.value);
  });
  if ('refused' in validated) return validated.refused;
  const { earliest, latest } = range.value;
  return accepted({ from: shown(earliest), to: shown(latest), chain: chain.value.length });
}

function shown(instant: Instant): string {
  const date = dateOfInstant({ ...instant, nanoseconds: 0 });
  return `${date.toISOString().slice(0, 19)}.${String(instant.nanoseconds).padStart(9, '0')}Z`;
}

/** What a token says, mostly sound. */
export function tokenSpec(random: Random): Omit<TokenSpec, 'message'> & { readonly signer: (typeof signers)[number] } {
  const signer = random.chance(0.9) ? signers[0] : random.pick(signers);
  const isRsa = signer.privateKey.asymmetricKeyType === 'rsa';
  const algorithms = isRsa
    ? (['RSA', 'RSA-PSS', 'SHA256-RSA', 'SHA512-RSA'] as const)
    : (['ECDSA-SHA256', 'ECDSA-SHA384', 'ECDSA-SHA512', 'ECDSA-SHA1'] as const);
  const hash = (): TestHash => random.pick(['sha1', 'sha256', 'sha384', 'sha512']);
  const maybe = <K extends string, V>(probability: number, key: K, make: () => V) =>
    (random.chance(probability) ? { [key]: make() } : {}) as Partial<Record<K, V>>;
  return {
    signer,
    ...maybe(0.3, 'genTime', () => random.pick(generalizedTimes)),
    ...maybe(0.2, 'policy', () => random.pick(['1.2.3', '0.4.0.2023.1.1', '2.5.29.32.0'])),
    ...maybe(0.4, 'accuracy', () => accuracy(random)),
    ...maybe(0.2, 'nonce', () => BigInt(random.below(1e9))),
    ...maybe(0.15, 'hash', hash),
    ...maybe(0.15, 'digest', hash),
    ...maybe(0.15, 'signatureAlgorithm', () => random.pick(algorithms)),
    ...maybe(0.2, 'essHash', hash),
    ...maybe(0.2, 'issuerSerial', () => true),
    ...maybe(0.2, 'signingTime', () => signingTime(random)),
    ...maybe(0.06, 'version', () => random.pick([0, 1, 2, 3])),
    ...maybe(0.04, 'signingCertificate', () => random.pick(['none', 'v1'] as const)),
    ...edits(random, signer.chainDer),
  };
}

function edits(random: Random, chain: readonly Uint8Array[]): Partial<TokenSpec> {
  const mutate = (values: Uint8Array[]) => mutateValues(random, values);
  switch (random.below(12)) {
    case 0:
      return {
        editInfo: (fields) => mutate(random.chance(0.3) ? fields.with(4, text(0x17, random.pick(utcTimes))) : fields),
      };
    case 1:
      return { editAttributes: mutate };
    case 2:
      return { editSigner: mutate };
    case 3:
      return { editData: mutate };
    case 4:
      return { certificates: rearranged(random, chain) };
    case 5:
      return { editInfo: (fields) => [...fields, ...optionalFields(random)] };
    default:
      return {};
  }
}

function rearranged(random: Random, chain: readonly Uint8Array[]): Uint8Array[] {
  const changed = random.shuffle(chain);
  if (random.chance(0.4)) changed.pop();
  if (random.chance(0.4)) changed.push(random.pick(signers).chainDer[0] ?? new Uint8Array());
  if (random.chance(0.2)) changed.push(...changed);
  return changed;
}

function optionalFields(random: Random): Uint8Array[] {
  const critical = random.chance(0.5) ? [boolean(true)] : [];
  const someExtension = sequence(oid('1.2.3'), ...critical, octetString(Uint8Array.of(1)));
  return [
    [boolean(random.chance(0.5))],
    [integer(7)],
    [context(0, context(4, signers[0].leaf.subject))],
    [context(1, ...(random.chance(0.5) ? [someExtension] : []))],
  ].flatMap((fields) => (random.chance(0.5) ? fields : []));
}

function accuracy(random: Random): Uint8Array[] {
  const small = (number: number) => contextPrimitive(number, Uint8Array.of(random.below(128)));
  const fields = [
    ...(random.chance(0.6) ? [integer(random.pick([0, 1, 2, 59, 100000, 2 ** 33]))] : []),
    ...(random.chance(0.4) ? [small(0)] : []),
    ...(random.chance(0.4) ? [small(1)] : []),
  ];
  return random.chance(0.1) ? fields.reverse() : fields;
}

function signingTime(random: Random): Uint8Array {
  return random.chance(0.5) ? text(0x18, random.pick(generalizedTimes)) : text(0x17, random.pick(utcTimes));
}

const generalizedTimes =
  `20260601000010Z 20260601000010.5Z 20260601000010.50Z 20260601000010.123456789Z 20260601000010.1234567891Z
20260601000010+0100 20260601000010-0530 20260601000010+0000 20260601000010 20260229000010Z 20280229000010Z 20261301000010Z
20260601240000Z 20260601000060Z 00010101000000Z 99991231235959Z 20260601000010,5Z 20260601000010.0Z 20260601000010+2400
20260601000010+0060 20191231235959Z 20200101000000Z 21200101000000Z 21200101000000.000000001Z 2026060100001Z 20260601000010z`.split(
    /\s+/,
  );

const utcTimes =
  `260601000010Z 2606010000Z 260601000010+0100 2606010000+0100 490601000010Z 500601000010Z 690601000010Z 680601000010Z
260601000010.5Z 991231235959Z 260601000010+0000 260631000010Z`.split(/\s+/);
