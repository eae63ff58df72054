// SPDX-License-Identifier: Apache-2.0
import { envelopeMediaTypes } from '../../../../shared/envelope/content.ts';
import type { TestSigner } from '../../../fakes/certificate-authority.ts';
import { mutateBytes } from '../bytes.ts';
import { mutantSigner } from '../certificates.ts';
import { signRepeatably } from '../ecdsa.ts';
import type { Family } from '../family.ts';
import { anyValue, type Members, mutateMembers, mutateText, objectText } from '../json.ts';
import type { Random } from '../random.ts';
import { signPssRepeatably } from '../rsa-pss.ts';
import { envelopeCase } from './envelope-decision.ts';

const claim = (name: string) => `io.cncf.notary.${name}`;
const scheme = claim('signingScheme');
const signer = mutantSigner('EC-256');
const rsaSigner = mutantSigner('RSA-2048');

const payload: Members = [
  [
    'targetArtifact',
    `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:${'1f'.repeat(32)}","size":406}`,
  ],
];

/** JWS envelopes: signed members mutated before they are signed, the rest after. */
export const envelopeJws: Family = {
  name: 'envelope-jws',
  oracle: 'envelope',
  generate: (random) => envelopeCase(envelopeMediaTypes.jws, craft(random)),
};

function craft(random: Random): Uint8Array {
  const rsa = random.chance(0.03);
  const by = rsa ? rsaSigner : signer;
  const header = headerText(random, rsa ? 'PS256' : 'ES256');
  const encodedHeader = noise(random, encode(header));
  const encodedPayload = noise(random, encode(payloadText(random)));
  let signature = Buffer.from(signWith(random, by, `${encodedHeader}.${encodedPayload}`)).toString('base64url');
  if (random.chance(0.03)) signature = signature.slice(0, -1) + random.pick('ABCQgw-_'.split(''));
  let members: Members = [
    ['payload', JSON.stringify(encodedPayload)],
    ['protected', JSON.stringify(encodedHeader)],
    ['header', objectText(unprotectedMembers(random, by))],
    ['signature', JSON.stringify(noise(random, signature))],
  ];
  if (random.chance(0.25)) members = mutateMembers(random, members);
  if (random.chance(0.05)) members = [...members, ['header', random.pick(secondHeaders)]];
  let text = objectText(members);
  if (random.chance(0.08)) text = mutateText(random, text);
  const bytes = Buffer.from(text);
  return random.chance(0.05) ? mutateBytes(random, bytes) : new Uint8Array(bytes);
}

const secondHeaders = ['{}', 'null', '{"x5c":[null]}', '{"X5C":["AAAA"]}', '[]'];

function headerText(random: Random, algorithm: string): string {
  const members = headerMembers(random, algorithm);
  const text = objectText(random.chance(0.7) ? mutateMembers(random, members) : members);
  return random.chance(0.15) ? mutateText(random, text) : text;
}

function headerMembers(random: Random, algorithm: string): Members {
  const expires = random.chance(0.3);
  const byAuthority = random.chance(0.2);
  const critical = [
    scheme,
    ...(expires ? [claim('expiry')] : []),
    ...(byAuthority ? [claim('authenticSigningTime')] : []),
  ];
  return [
    ['alg', `"${algorithm}"`],
    ['crit', random.sometimes(0.2, () => random.pick(criticalLists), JSON.stringify(critical))],
    ['cty', '"application/vnd.cncf.notary.payload.v1+json"'],
    [scheme, byAuthority ? '"notary.x509.signingAuthority"' : '"notary.x509"'],
    [claim(byAuthority ? 'authenticSigningTime' : 'signingTime'), '"2026-06-01T00:00:00Z"'],
    ...(expires ? [[claim('expiry'), '"2030-06-01T00:00:00Z"'] as const] : []),
    ...(random.chance(0.25) ? [['k', anyValue(random)] as const] : []),
  ];
}

const criticalLists = [
  [scheme],
  [claim('expiry'), scheme, 'k'],
  [scheme, 'alg'],
  [scheme, claim('signingTime')],
  [scheme, scheme],
  [scheme, 'k', 'k'],
  [],
  ['CTY', scheme],
  [scheme, null],
]
  .map((list) => JSON.stringify(list))
  .concat('null');

function payloadText(random: Random): string {
  if (random.chance(0.03)) return random.pick(['null', '[]', '5', '', 'nullx', 'null x', '{} {}', '"a"']);
  const text = objectText(random.chance(0.2) ? mutateMembers(random, payload) : payload);
  return random.chance(0.15) ? mutateText(random, text) : text;
}

function unprotectedMembers(random: Random, by: TestSigner): Members {
  const members: Members = [
    ...(random.chance(0.1) ? [[claim('timestampSignature'), random.pick(timestamps)] as const] : []),
    ['x5c', x5c(random, by)],
    [claim('signingAgent'), '"a/1"'],
  ];
  return random.chance(0.25) ? mutateMembers(random, members) : members;
}

const timestamps = ['"AAAA"', 'null', '""', '[1,2]', '"A"', '5'];

function x5c(random: Random, by: TestSigner): string {
  const [leaf = ''] = by.chainDer.map((der) => Buffer.from(der).toString('base64'));
  if (random.chance(0.04)) {
    const bytes = JSON.stringify(by.chainDer.map((der) => [...der]));
    return random.pick([
      '[]',
      'null',
      '[null]',
      '""',
      '["AAAA"]',
      '[[1,2]]',
      bytes,
      `["${leaf}"]`,
      `["${leaf}",null]`,
      `["${leaf}","AA=="]`,
    ]);
  }
  const text = JSON.stringify(by.chainDer.map((der) => Buffer.from(der).toString('base64')));
  return random.chance(0.05) ? text.replace(/(.{100})/, '$1\\n') : text;
}

function noise(random: Random, text: string): string {
  if (!random.chance(0.05)) return text;
  const at = random.below(text.length + 1);
  return text.slice(0, at) + random.pick(['\n', '\r', '=', '.', '+', ' ', 'A']) + text.slice(at);
}

function signWith(random: Random, { privateKey }: TestSigner, text: string): Uint8Array {
  const data = Buffer.from(text);
  const saltLength = random.sometimes(0.2, () => random.pick([0, 20, 31, 33]), 32);
  return (
    signRepeatably(privateKey, 'sha256', data, 'ieee-p1363') ??
    signPssRepeatably(privateKey, 'sha256', saltLength, data)
  );
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
