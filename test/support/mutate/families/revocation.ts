// SPDX-License-Identifier: Apache-2.0
import { HttpFailure } from '../../../../shared/adapters/http-failure.ts';
import type { HttpClient } from '../../../../shared/adapters/http.ts';
import { createRevocationSource } from '../../../../shared/adapters/revocation-http.ts';
import { parseChain } from '../../../../shared/x509/certificate.ts';
import type { TestCertificate, TestSignatureAlgorithm } from '../../../fakes/certificate-authority.ts';
import {
  basicConstraints,
  crlDistributionPoints,
  defaultExtensions,
  extension,
  keyUsage,
  ocspServers,
} from '../../../fakes/certificate-extensions.ts';
import { contextPrimitive, der, integer, nullValue, octetString, sequence, text } from '../../../fakes/der.ts';
import * as answers from '../../../fakes/revocation-answers.ts';
import { mutateAsn1 } from '../asn1.ts';
import { mutateBytes } from '../bytes.ts';
import { issueMutant } from '../certificates.ts';
import { signRepeatably } from '../ecdsa.ts';
import { accepted, type Answer, base64, type Family, refusedAt, step } from '../family.ts';
import type { MutantKeyType } from '../keys.ts';
import type { Random } from '../random.ts';

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

interface Served {
  readonly status: number;
  readonly body: Uint8Array;
}

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

const dates = ['2026-06-01', '2026-06-01T00:00:01Z', '2024-02-29', '2100-01-01', '2050-01-01'].map(
  (date) => new Date(date),
);

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

function makeResponses(random: Random, method: 'ocsp' | 'crl', chain: readonly TestCertificate[]) {
  const [certificate, issuer] = chain as readonly [TestCertificate, TestCertificate];
  const issued = { certificate, issuer };
  const bodies: Record<string, Uint8Array> = {
    'http://o1.example': ocspBody(random, issued),
    'http://o2.example': ocspBody(random, issued),
    'http://c1.example': crlBody(random, issued, 'base'),
    'http://c2.example': crlBody(random, issued, 'base'),
    'http://d1.example': crlBody(random, issued, 'delta'),
    'http://d2.example': crlBody(random, issued, 'delta'),
  };
  const usual = method === 'ocsp' ? 0.03 : 0.02;
  const statusOf = () => random.sometimes(usual, () => random.pick([204, 206, 404, 500]), 200);
  return Object.fromEntries(
    Object.entries(bodies).map(([host, body]) => [host, { status: statusOf(), body: damaged(random, body) }]),
  );
}

function damaged(random: Random, body: Uint8Array): Uint8Array {
  const choice = random.float();
  if (choice < 0.05) return mutateBytes(random, body);
  if (choice < 0.2) return mutateAsn1(random, body);
  if (choice < 0.22) return Uint8Array.from(Buffer.concat([body, Buffer.alloc(1 + random.below(3))]));
  return body;
}

/** What an answer is signed with: the same specification always gives the same bytes. */
function signing(random: Random, key: TestCertificate['keys']['privateKey']) {
  const isRsa = key.asymmetricKeyType === 'rsa';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const usual = isRsa
    ? 'SHA256-RSA'
    : curve === 'secp384r1'
      ? 'ECDSA-SHA384'
      : curve === 'secp521r1'
        ? 'ECDSA-SHA512'
        : 'ECDSA-SHA256';
  const others: readonly TestSignatureAlgorithm[] = isRsa
    ? ['SHA1-RSA', 'SHA512-RSA', 'MD5-RSA', 'SHA256-RSAPSS', 'SHA224-RSA', 'SHA256-RSAPSS-salt20']
    : ['ECDSA-SHA1', 'ECDSA-SHA384', 'ECDSA-SHA512'];
  const signatureAlgorithm = random.sometimes<TestSignatureAlgorithm>(0.1, () => random.pick(others), usual);
  const hash = /SHA\d+/.exec(signatureAlgorithm)?.[0].toLowerCase() ?? 'sha256';
  const broken = random.chance(0.03);
  const sign = (data: Uint8Array) => signRepeatably(key, hash, data, 'der');
  const editSignature = (made: Uint8Array) =>
    broken ? made.map((byte, index) => (index === made.length - 1 ? byte ^ 1 : byte)) : made;
  return { signatureAlgorithm, sign, editSignature };
}

function ocspBody(random: Random, issued: answers.Issued): Uint8Array {
  const signer = responder(random, issued.issuer);
  const key = (signer ?? issued.issuer).keys.privateKey;
  const edit = random.chance(0.3) ? { editData: (data: Uint8Array) => mutateAsn1(random, data) } : {};
  const serialNumber = random.chance(0.1) ? { serialNumber: random.pick([0n, 77n, 78n, -1n]) } : {};
  const spec = { ...issued, ...single(random), ...serialNumber };
  return answers.ocspResponse({
    ...spec,
    ...signing(random, key),
    ...(signer === undefined ? {} : { signer }),
    ...(random.chance(0.1)
      ? { before: random.some(2, () => answers.singleResponse({ ...spec, ...single(random) })) }
      : {}),
    ...(random.chance(0.1) ? { responderId: random.pick(responderIds) } : {}),
    ...(random.chance(0.02) ? { responseType: '1.3.6.1.5.5.7.48.1.2' } : {}),
    ...(random.chance(0.03) ? { responseStatus: random.below(8) } : {}),
    ...(random.chance(0.05)
      ? { certificates: random.pick([[], [issued.issuer], [issued.certificate], [issued.issuer, issued.certificate]]) }
      : {}),
    ...edit,
  });
}

/** Undefined: the issuer itself. */
function responder(random: Random, issuer: TestCertificate): TestCertificate | undefined {
  if (random.chance(0.75)) return undefined;
  const signatureAlgorithm =
    issuer.keys.privateKey.asymmetricKeyType === 'ec' && random.chance(0.1)
      ? { signatureAlgorithm: 'ECDSA-SHA1' as const }
      : {};
  const spec = { role: 'ocsp responder', subject: 'CN=ocsp', ...signatureAlgorithm };
  if (random.chance(0.1)) return issueMutant('leaf', spec);
  return issueMutant('leaf', { ...spec, ...(random.chance(0.2) ? { notAfter: new Date('2021-01-01') } : {}) }, issuer);
}

function single(random: Random): Partial<answers.OcspSpec> {
  const status = random.sometimes(0.5, () => random.pick(['revoked', 'unknown', 'both', 'none'] as const), 'good');
  return {
    status,
    ...(random.chance(0.3) ? { nextUpdate: random.pick([...dates, ...encodedTimes, null]) } : {}),
    ...(random.chance(0.3) ? { extensions: random.some(3, () => entryExtension(random)) } : {}),
    ...(random.chance(0.1) ? { issuerHash: random.pick(hashes) } : {}),
  };
}

const hashes = [
  '2.16.840.1.101.3.4.2.1',
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
  '2.16.840.1.101.3.4.2.4',
  '1.2.3',
];

const encodedTimes = [
  text(0x17, '270601000000Z'),
  text(0x17, '2706010000Z'),
  text(0x18, '20270601000000.5Z'),
  text(0x18, '20260601000000.000000001Z'),
  text(0x18, '20270601000000+0100'),
  text(0x18, '20270601000000'),
  text(0x18, '99991231235959Z'),
  text(0x18, '00010101000000Z'),
  integer(7),
  nullValue(),
];

const names = [
  sequence(),
  sequence(der(0x31, sequence(der(0x06, Uint8Array.of(0x55, 4, 3)), text(0x13, 'a_b')))),
  sequence(der(0x31, sequence(der(0x06, Uint8Array.of(0x55, 4, 3)), text(0x13, 'a b')))),
  sequence(der(0x31, sequence(der(0x06, Uint8Array.of(0x55, 4, 3)), integer(2n ** 70n)))),
  sequence(der(0x31, sequence(der(0x06, Uint8Array.of(0x55, 4, 3))))),
];
const responderIds = [
  ...names.map((name) => der(0xa1, name)),
  der(0x81, sequence()),
  der(0x01, sequence()),
  der(0xa2, octetString(Uint8Array.of(1))),
  der(0x02, octetString(Uint8Array.of(1))),
  der(0xa2, octetString(Uint8Array.of(1)), nullValue()),
  der(0xa2, integer(1)),
  der(0xa3, sequence()),
  contextPrimitive(2, new Uint8Array()),
];

/** Extensions of single responses and CRL entries. */
function entryExtension(random: Random): Uint8Array {
  const critical = random.chance(0.2);
  switch (random.below(4)) {
    case 0:
      return extension('1.2.3', Uint8Array.of(1), { critical });
    case 1:
      return extension('2.5.29.24', random.pick(encodedTimes), { critical });
    default:
      return answers.invalidityDate(random.pick(dates), { critical });
  }
}

function crlBody(random: Random, { certificate, issuer }: answers.Issued, role: 'base' | 'delta'): Uint8Array {
  const { serialNumber } = certificate.certificate;
  const other = () => random.pick([1n, 77n, 78n, -1n, 2n ** 64n]);
  const revoked = random.some(4, () => ({
    serialNumber: random.chance(0.7) ? serialNumber : other(),
    ...(random.chance(0.5) ? { date: random.pick(dates) } : {}),
    ...(random.chance(0.7) ? { reason: random.pick([0, 1, 6, 6, 6, 8, 8, 8, 9, 127, 128]) } : {}),
    ...(random.chance(0.25) ? { extensions: random.some(2, () => entryExtension(random)) } : {}),
  }));
  const edit = random.chance(0.25) ? { editTbs: (tbs: Uint8Array) => mutateAsn1(random, tbs) } : {};
  const number = role === 'base' ? random.below(4) : 2 + random.below(4);
  const spec = {
    issuer,
    revoked: random.chance(0.3) ? [] : revoked,
    // exactly one CRL without a number crashes the reference
    number: random.chance(0.02) && role === 'base' ? null : number,
    ...(random.chance(0.2) ? { nextUpdate: random.pick([...dates, null]) } : {}),
    ...(random.chance(0.03) ? { version: random.pick([null, 0, 2, 256]) } : {}),
    extensions: crlExtensions(random, role),
    ...edit,
  };
  return answers.crl({ ...spec, ...signing(random, issuer.keys.privateKey) });
}

function crlExtensions(random: Random, role: 'base' | 'delta'): Uint8Array[] {
  const found = role === 'delta' && random.chance(0.9) ? [answers.deltaIndicator(random.below(4))] : [];
  if (role === 'base' && random.chance(0.5)) found.push(answers.freshestCrl(...random.pick(deltas)));
  if (random.chance(0.1)) found.push(extension('2.5.29.28', sequence(), { critical: random.chance(0.5) }));
  if (random.chance(0.06)) found.push(extension('1.2.3', sequence(), { critical: random.chance(0.5) }));
  if (random.chance(0.06))
    found.push(
      extension('2.5.29.35', random.pick([sequence(), sequence(contextPrimitive(0, Uint8Array.of(1))), nullValue()]), {
        critical: random.chance(0.2),
      }),
    );
  if (random.chance(0.04)) found.push(answers.crlNumber(random.below(4)));
  if (random.chance(0.03))
    found.push(extension('2.5.29.27', random.pick([nullValue(), integer(1), integer(-1)]), { critical: true }));
  return random.shuffle(found);
}

const deltas = [
  ['http://d1.example/'],
  ['http://d1.example/'],
  ['http://nobody.example/', 'http://d1.example/'],
  ['http://d2.example/', 'http://d1.example/'],
  ['ldap://d1.example/', 'http://d2.example/'],
  ['http://nobody.example/'],
  [],
];
