// SPDX-License-Identifier: Apache-2.0
import type { TestCertificate, TestSignatureAlgorithm } from '../../../fakes/certificate-authority.ts';
import { extension } from '../../../fakes/certificate-extensions.ts';
import { contextPrimitive, der, integer, nullValue, octetString, sequence, text } from '../../../fakes/der.ts';
import * as answers from '../../../fakes/revocation-answers.ts';
import { mutateAsn1 } from '../asn1.ts';
import { mutateBytes } from '../bytes.ts';
import { issueMutant } from '../certificates.ts';
import { signRepeatably } from '../ecdsa.ts';
import type { Random } from '../random.ts';

/** An answer over HTTP. */
export interface Served {
  readonly status: number;
  readonly body: Uint8Array;
}

const dates = ['2026-06-01', '2026-06-01T00:00:01Z', '2024-02-29', '2100-01-01', '2050-01-01'].map(
  (date) => new Date(date),
);

/** What each server answers, by its origin. */
export function makeResponses(random: Random, method: 'ocsp' | 'crl', chain: readonly TestCertificate[]) {
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
