// SPDX-License-Identifier: Apache-2.0
import { HttpFailure } from '../../../../shared/adapters/http-failure.ts';
import type { HttpClient } from '../../../../shared/adapters/http.ts';
import { createRevocationSource } from '../../../../shared/adapters/revocation-http.ts';
import { parseChain } from '../../../../shared/x509/certificate.ts';
import type { TestCertificate } from '../../../fakes/certificate-authority.ts';
import {
  basicConstraints,
  crlDistributionPoints,
  defaultExtensions,
  keyUsage,
  ocspServers,
} from '../../../fakes/certificate-extensions.ts';
import * as answers from '../../../fakes/revocation-answers.ts';
import { issueMutant } from '../certificates.ts';
import { accepted, type Answer, base64, type Family, refusedAt, step } from '../family.ts';
import type { MutantKeyType } from '../keys.ts';
import type { Random } from '../random.ts';
import { makeResponses, type Served } from './revocation-bodies.ts';

/** Chains whose responders and CRLs answer oddly: specified so, mutated before they are signed, and after. */
export const revocation: Family = {
  name: 'revocation',
  oracle: 'revocation',
  generate: (random) => {
    const method = random.pick(['ocsp', 'crl'] as const);
    const chain = makeChain(random, method);
    const ders = chain.map((each) => each.der);
    const served = makeResponses(random, method, chain);
    const now = random.pick(instants);
    const signingTime = random.chance(0.4) ? random.pick(instants) : undefined;
    const responses = Object.entries(served).map(([host, { status, body }]) => [host, { status, body: base64(body) }]);
    return {
      input: {
        purpose: 'code-signing',
        chain: ders.map(base64),
        now,
        ...(signingTime === undefined ? {} : { signingTime }),
        responses: Object.fromEntries(responses) as unknown,
      },
      decide: () => decide(ders, served, new Date(now), signingTime === undefined ? undefined : new Date(signingTime)),
    };
  },
};

const results = { good: 'OK', revoked: 'Revoked', unknown: 'Unknown', 'not-revokable': 'NonRevokable' } as const;

async function decide(
  ders: readonly Uint8Array[],
  served: Readonly<Record<string, Served>>,
  now: Date,
  signingTime: Date | undefined,
): Promise<Answer> {
  const chain = step('certificate-invalid', () => parseChain(ders));
  if ('refused' in chain) return chain.refused;
  const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
  const source = createRevocationSource({ http: clientOf(served), clock: { now: () => now }, log });
  try {
    const statuses = await source.check(chain.value, 'codeSigning', signingTime);
    const errors = statuses.flatMap(({ checks = [] }) => checks.flatMap(({ error = [] }) => error));
    return { ...accepted(statuses.map(({ status }) => results[status])), text: errors.join('\n') };
  } catch (thrown) {
    return refusedAt('chain-invalid', thrown);
  }
}

function clientOf(served: Readonly<Record<string, Served>>): HttpClient {
  return {
    exchange: ({ method, url, limit }) => {
      const found = served[url.origin];
      if (found === undefined) return Promise.reject(new HttpFailure('refused', method, url));
      if (found.body.length > limit) return Promise.reject(new HttpFailure('too-large', method, url));
      return Promise.resolve({ ...found, headers: {}, url });
    },
    close: () => Promise.resolve(),
  };
}

const instants = [
  '2026-06-01T00:00:00Z',
  '2026-06-01T00:00:00Z',
  '2026-06-01T00:00:01Z',
  '2026-05-31T23:59:59Z',
  '2024-02-29T00:00:00Z',
  '2024-03-01T12:00:00.5Z',
  '2049-12-31T23:59:59Z',
];

/** Leaf, issuer and root; the issuer itself may be revocable by the same servers. */
function makeChain(random: Random, method: 'ocsp' | 'crl'): TestCertificate[] {
  const type = random.sometimes<MutantKeyType>(0.05, () => random.pick(['EC-384', 'RSA-2048', 'EC-521']), 'EC-256');
  const usages = random.sometimes(0.06, () => random.pick([['keyCertSign'], ['keyCertSign', 'digitalSignature']]), [
    'keyCertSign',
    'cRLSign',
  ]);
  const authority = [basicConstraints({ ca: true }), keyUsage(usages as 'keyCertSign'[])];
  const root = issueMutant('ca', { role: 'revocation root', subject: 'CN=root', extensions: authority });
  const also = random.chance(0.1) ? addresses(random, method) : [];
  const issuer = issueMutant(
    'ca',
    { type, role: 'revocation issuer', subject: 'CN=issuer,O=Mutants', extensions: [...authority, ...also] },
    root,
  );
  const serialNumber = random.pick([0n, 1n, 127n, 128n, 2n ** 64n, 2n ** 159n, 77n]);
  const extensions = [...defaultExtensions.leaf, ...addresses(random, method)];
  const subject = 'CN=leaf,O=Mutants';
  const leaf = issueMutant('leaf', { role: 'revocation leaf', subject, serialNumber, extensions }, issuer);
  return random.chance(0.03) ? [leaf, root] : [leaf, issuer, root];
}

function addresses(random: Random, method: 'ocsp' | 'crl'): Uint8Array[] {
  const ocsp = random.sometimes(0.2, () => random.some(3, () => random.pick(responders)), ['http://o1.example/x']);
  const crls = random.sometimes(0.2, () => random.some(3, () => random.pick(points)), ['http://c1.example/x.crl']);
  const both = random.chance(0.25);
  return [
    ...(method === 'ocsp' || both ? [ocspServers(...ocsp)] : []),
    ...((method === 'crl' || both) && crls.length > 0 ? [crlDistributionPoints(...crls)] : []),
    ...(method === 'crl' && random.chance(0.04) ? [answers.freshestCrl('http://d1.example/')] : []),
  ];
}

const responders = [
  'http://o1.example/x',
  'http://o2.example',
  'HTTP://o1.example/',
  'https://o1.example/x',
  'ldap://o1.example/x',
  'http://nobody.example',
];
const points = [
  'http://c1.example/x.crl',
  'http://c2.example/',
  'HTTP://c1.example/x.crl',
  'https://c1.example/x.crl',
  'ldap://c1.example/cn=x',
  'http://nobody.example',
];
