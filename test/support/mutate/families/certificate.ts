// SPDX-License-Identifier: Apache-2.0
import { type Certificate, parseCertificate } from '../../../../shared/x509/certificate.ts';
import { keyUsageBits } from '../../../../shared/x509/extensions.ts';
import { verifySelfSigned, verifySignedBy } from '../../../../shared/x509/signature.ts';
import { encodeName, type NameEntry } from '../../../fakes/certificate-authority.ts';
import {
  crlDistributionPoints,
  defaultExtensions,
  extendedKeyUsage,
  extension,
  ocspServers,
} from '../../../fakes/certificate-extensions.ts';
import { bitString, context, contextPrimitive, integer, octetString, oid, sequence } from '../../../fakes/der.ts';
import { mutateAsn1 } from '../asn1.ts';
import { mutateBytes } from '../bytes.ts';
import { issueMutant } from '../certificates.ts';
import { accepted, base64, type Family, step } from '../family.ts';
import type { Random } from '../random.ts';

let corpus: readonly Uint8Array[] | undefined;

/** Certificates with everything in them that Go's parser looks at, mutated. */
export const certificate: Family = {
  name: 'certificate',
  oracle: 'certificate',
  generate: (random) => {
    const der = mutateCertificate(random);
    return {
      input: { certificate: base64(der) },
      decide: () => {
        const parsed = step('certificate-invalid', () => parseCertificate(der));
        return 'refused' in parsed ? parsed.refused : accepted(describe(parsed.value));
      },
    };
  },
};

/** Some certificate, good or bad. */
export function mutateCertificate(random: Random): Uint8Array {
  const der = random.pick((corpus ??= makeCorpus()));
  return random.chance(0.2) ? mutateBytes(random, der) : mutateAsn1(random, der);
}

function describe(parsed: Certificate) {
  const { basicConstraints, extendedKeyUsage: usages = [], keyUsage = [] } = parsed;
  return {
    subject: Buffer.from(parsed.subject).toString('hex'),
    issuer: Buffer.from(parsed.issuer).toString('hex'),
    notBefore: parsed.notBefore.getTime() / 1000,
    notAfter: parsed.notAfter.getTime() / 1000,
    version: parsed.version,
    serial: parsed.serialNumber.toString(16),
    algorithm: parsed.signatureAlgorithm === 'unknown' ? '0' : parsed.signatureAlgorithm,
    keyUsage: keyUsage.reduce((bits, usage) => bits | (1 << keyUsageBits.indexOf(usage)), 0),
    extendedUsages: usages.length,
    authority: basicConstraints?.ca ?? false,
    constrained: basicConstraints !== undefined,
    pathLength: basicConstraints?.pathLength ?? -1,
    ocsp: parsed.ocspServers.map((uri) => Buffer.from(uri, 'latin1').toString('hex')),
    crl: parsed.crlDistributionPoints.map((uri) => Buffer.from(uri, 'latin1').toString('hex')),
    key: parsed.publicKeyType ?? '<nil>',
    selfSigned: !(
      'refused' in
      step('', () => {
        verifySelfSigned(parsed);
      })
    ),
    selfIssued: !(
      'refused' in
      step('', () => {
        verifySignedBy(parsed, parsed);
      })
    ),
  };
}

function generalName(number: number, content: string | Uint8Array): Uint8Array {
  return contextPrimitive(number, Buffer.from(content as string));
}

const names = {
  email: (text: string) => generalName(1, text),
  dns: (text: string) => generalName(2, text),
  uri: (text: string) => generalName(6, text),
  ip: (...bytes: number[]) => generalName(7, Uint8Array.from(bytes)),
};

const richExtensions = [
  ...defaultExtensions.ca,
  ocspServers('http://ocsp.example', 'ldap://x'),
  crlDistributionPoints('http://crl.example/a.crl', 'http://b'),
  extension('2.5.29.14', octetString(Buffer.from('0102030405', 'hex'))),
  extension('2.5.29.35', sequence(contextPrimitive(0, Buffer.from('abcd')))),
  extension(
    '2.5.29.17',
    sequence(
      names.email('a@b.c'),
      names.dns('ex.com'),
      names.uri('https://u:p@ex.com:80/a%20b?q#f'),
      names.ip(1, 2, 3, 4),
      context(4, encodeName('CN=x')),
    ),
  ),
  extension(
    '2.5.29.30',
    sequence(
      context(
        0,
        sequence(names.dns('.ex.com')),
        sequence(names.ip(10, 0, 0, 0, 255, 0, 0, 0)),
        sequence(names.email('a.b@ex.com')),
      ),
      context(1, sequence(names.uri('ex.com')), sequence(names.email('ex.com'))),
    ),
  ),
  extension('2.5.29.32', sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3.4')))),
  extension('2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4')))),
  extension('2.5.29.36', sequence(contextPrimitive(0, Uint8Array.of(1)), contextPrimitive(1, Uint8Array.of(0)))),
  extension('2.5.29.54', integer(3)),
  extension('1.2.3.4', octetString(Buffer.from('x')), { critical: true }),
  extendedKeyUsage(['codeSigning', '1.2.3', 'timeStamping']),
];

const richName: readonly NameEntry[] = [
  ['C', 'US', 0x13],
  ['ST', 'Wäs'],
  ['O', 'a,b'],
  ['OU', 'x', 0x14],
  ['SERIALNUMBER', '12 3', 0x12],
  ['POSTALCODE', '#1'],
  ['STREET', ' s '],
];

function makeCorpus(): Uint8Array[] {
  const types = ['EC-224', 'EC-256', 'EC-521', 'RSA-1024', 'RSA-2048', 'Ed25519'] as const;
  const algorithms = [
    'SHA1-RSA',
    'MD5-RSA',
    'SHA256-RSAPSS',
    'SHA384-RSAPSS',
    'SHA256-RSAPSS-salt20',
    'SHA224-RSA',
  ] as const;
  const dsa = sequence(
    sequence(oid('1.2.840.10040.4.1'), sequence(integer(23), integer(11), integer(4))),
    bitString(integer(8)),
  );
  const role = 'corpus';
  return [
    ...types.map((type) =>
      issueMutant('ca', {
        type,
        role,
        extensions: richExtensions,
        subject: richName,
        notAfter: new Date('2060-01-01'),
      }),
    ),
    ...algorithms.map((signatureAlgorithm) => issueMutant('ca', { type: 'RSA-2048', role, signatureAlgorithm })),
    issueMutant('ca', { role, version: 1 }),
    issueMutant('ca', { role, version: 2 }),
    issueMutant('leaf', { role }),
    issueMutant('ca', { type: 'EC-384', role, signatureAlgorithm: 'ECDSA-SHA1' }),
    issueMutant('ca', { role, editFields: (fields) => fields.map((field, index) => (index === 6 ? dsa : field)) }),
  ].map(({ der }) => der);
}
