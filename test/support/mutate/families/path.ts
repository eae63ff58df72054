// SPDX-License-Identifier: Apache-2.0
import type { Instant } from '../../../../shared/primitives/instant.ts';
import { parseCertificate } from '../../../../shared/x509/certificate.ts';
import { buildPaths } from '../../../../shared/x509/path.ts';
import { timeStampingUsage } from '../../../../shared/x509/timestamping-chain.ts';
import { encodeName, type TestCertificate } from '../../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, extension, keyUsage } from '../../../fakes/certificate-extensions.ts';
import { context, contextPrimitive, integer, nullValue, octetString, oid, sequence } from '../../../fakes/der.ts';
import { issueMutant } from '../certificates.ts';
import { accepted, base64, type Family, step } from '../family.ts';
import type { Random } from '../random.ts';

/** Paths from a timestamp certificate to a root through a heap of authorities with constraints of all kinds. */
export const path: Family = {
  name: 'path',
  oracle: 'path',
  generate: (random) => {
    const { leaf, intermediates, roots } = new Heap(random);
    const at = random.pick(Object.keys(instants));
    return {
      input: { leaf: base64(leaf), intermediates: intermediates.map(base64), roots: roots.map(base64), at },
      decide: () => {
        const parsed = step('certificate-invalid', () => ({
          leaf: parseCertificate(leaf),
          roots: roots.map(parseCertificate),
          intermediates: intermediates.map(parseCertificate),
        }));
        if ('refused' in parsed) return parsed.refused;
        const { leaf: certificate, ...others } = parsed.value;
        const requirements = { ...others, usage: timeStampingUsage, at: instants[at] as Instant };
        const found = step('path', () => buildPaths(certificate, requirements));
        return 'refused' in found ? found.refused : accepted(found.value.map(({ length }) => length));
      },
    };
  },
};

const seconds = BigInt(Date.parse('2026-06-01T00:00:10Z') / 1000);
const instants: Readonly<Record<string, Instant>> = {
  '2026-06-01T00:00:10Z': { seconds, nanoseconds: 0, offsetMinutes: 0 },
  '2026-06-01T00:00:10.000000001Z': { seconds, nanoseconds: 1, offsetMinutes: 0 },
  '2026-06-01T00:00:09.999999999Z': { seconds: seconds - 1n, nanoseconds: 999_999_999, offsetMinutes: 0 },
};

const validities = [
  ...Array.from({ length: 8 }, () => ({})),
  { notBefore: new Date('2026-06-01T00:00:10Z') },
  { notAfter: new Date('2026-06-01T00:00:10Z') },
  { notAfter: new Date('2026-06-01T00:00:09Z') },
  { notBefore: new Date('2026-06-01T00:00:11Z') },
];

/** A leaf, and certificates that may or may not lead to a root. */
class Heap {
  readonly leaf: Uint8Array;
  readonly intermediates: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly #random: Random;
  readonly #kind: string;
  #serial = 1n;

  constructor(random: Random) {
    this.#random = random;
    this.#kind = random.pick(['names', 'policies', 'mix', 'plain', 'identifiers']);
    const root = this.#issue('ca', 'CN=root');
    const others: TestCertificate[] = [];
    let issuer = root;
    for (let depth = 0, end = random.below(4); depth < end; depth++) {
      const made = this.#issue(
        'ca',
        random.chance(0.1) ? 'CN=root' : `CN=int${random.chance(0.9) ? depth : 0}`,
        issuer,
      );
      others.push(made);
      if (random.chance(0.3)) others.push(this.#issue('ca', `CN=int${depth}`, random.chance(0.5) ? issuer : root));
      if (random.chance(0.9)) issuer = made;
    }
    const leaf = random.chance(0.03) ? root : this.#issue('leaf', 'CN=leaf', issuer);
    const roots = [root];
    if (random.chance(0.15)) roots.push(this.#issue('ca', 'CN=root'));
    if (random.chance(0.1) && others.length > 0) roots.push(random.pick(others));
    if (random.chance(0.03)) roots.push(leaf);
    if (random.chance(0.03)) roots.shift();
    if (random.chance(0.3)) others.push(root);
    this.leaf = leaf.der;
    this.roots = roots.map(({ der }) => der);
    this.intermediates = [...(random.chance(0.5) ? [leaf] : []), ...random.shuffle(others)].map(({ der }) => der);
  }

  #issue(kind: 'ca' | 'leaf', subject: string, issuer?: TestCertificate): TestCertificate {
    const random = this.#random;
    const spec = {
      type: random.sometimes(0.03, () => random.pick(['EC-384', 'RSA-2048'] as const), 'EC-256' as const),
      // Half of the certificates of one name have different keys.
      role: `${subject} ${random.below(2)}`,
      subject,
      serialNumber: this.#serial++,
      extensions: this.#extensions(kind),
      ...random.pick(validities),
      ...(random.chance(0.02) ? { issuer: 'CN=other' } : {}),
      ...(random.chance(0.02)
        ? { editSignature: (signature: Uint8Array) => signature.with(10, (signature[10] ?? 0) ^ 1) }
        : {}),
    };
    return issueMutant(kind, spec, issuer);
  }

  #extensions(kind: 'ca' | 'leaf'): Uint8Array[] {
    const random = this.#random;
    const has = (which: string) => this.#kind === which || (this.#kind === 'mix' && random.chance(0.3));
    const found = kind === 'ca' ? authorityExtensions(random) : leafExtensions(random);
    if (random.chance(0.03)) found.push(extension('1.2.3.4', nullValue(), { critical: random.chance(0.5) }));
    if (has('names')) {
      if (random.chance(0.7)) found.push(alternativeNames(random));
      if (random.chance(0.5)) found.push(nameConstraints(random));
    }
    if (has('policies')) found.push(...policyExtensions(random));
    if (this.#kind === 'identifiers' || random.chance(0.2)) {
      const identifier = () => Uint8Array.of(random.below(3));
      if (random.chance(0.6)) found.push(extension('2.5.29.14', octetString(identifier())));
      if (random.chance(0.6)) found.push(extension('2.5.29.35', sequence(contextPrimitive(0, identifier()))));
    }
    return found;
  }
}

function authorityExtensions(random: Random): Uint8Array[] {
  const found: Uint8Array[] = [];
  const pathLength = random.chance(0.3) ? { pathLength: random.below(3) } : {};
  if (random.chance(0.97)) {
    found.push(basicConstraints({ ca: random.chance(0.97), ...pathLength, critical: random.chance(0.9) }));
  }
  if (random.chance(0.95))
    found.push(keyUsage([random.chance(0.97) ? 'keyCertSign' : 'cRLSign'], { critical: random.chance(0.9) }));
  if (random.chance(0.15)) {
    const sets = [['timeStamping'], ['any'], ['codeSigning'], ['codeSigning', 'timeStamping'], ['1.2.3.4']];
    found.push(extendedKeyUsage(random.pick(sets), { critical: random.chance(0.5) }));
  }
  return found;
}

function leafExtensions(random: Random): Uint8Array[] {
  const found: Uint8Array[] = [];
  if (random.chance(0.7)) found.push(basicConstraints({ ca: random.chance(0.03) }));
  found.push(
    keyUsage([random.chance(0.97) ? 'digitalSignature' : 'keyEncipherment'], { critical: random.chance(0.7) }),
  );
  const others = [['any'], ['codeSigning'], ['timeStamping', 'codeSigning'], ['timeStamping', '1.2.3.4']];
  if (random.chance(0.97)) {
    found.push(
      extendedKeyUsage(
        random.sometimes(0.07, () => random.pick(others), ['timeStamping']),
        { critical: random.chance(0.95) },
      ),
    );
  }
  return found;
}

const names = {
  mail: (text: string) => contextPrimitive(1, Buffer.from(text)),
  dns: (text: string) => contextPrimitive(2, Buffer.from(text)),
  uri: (text: string) => contextPrimitive(6, Buffer.from(text)),
  ip: (...bytes: number[]) => contextPrimitive(7, Uint8Array.from(bytes)),
  directory: () => context(4, encodeName('CN=x')),
};

function alternativeNames(random: Random): Uint8Array {
  const name = () =>
    random.pick([
      () =>
        names.dns(
          random.pick([
            'a.example.com',
            'example.com',
            '*.example.com',
            'EXAMPLE.com',
            'b.test',
            'x.a.example.com',
            '',
            'a..b',
            'bexample.com',
          ]),
        ),
      () =>
        names.mail(
          random.pick([
            'a@example.com',
            'b@a.example.com',
            'A@example.com',
            'a@EXAMPLE.com',
            'a',
            '"q x"@example.com',
            '*a.b@x.test',
            '"a"@example.com',
            '\\a@example.com',
          ]),
        ),
      () =>
        names.uri(
          random.pick([
            'http://example.com/x',
            'https://a.example.com:8080/',
            'urn:x',
            'http://1.2.3.4/',
            'http://[::1]/',
            'http://u@example.com?x',
            '//example.com/a',
            'http://EXAMPLE.com',
            'http://host:/',
            'http://a.test:80',
          ]),
        ),
      () => names.ip(10, 0, 0, random.below(3)),
      () => names.ip(...new Array<number>(16).fill(0)),
      names.directory,
    ])();
  return extension('2.5.29.17', sequence(...random.times(1 + random.below(3), name)), { critical: random.chance(0.3) });
}

function nameConstraints(random: Random): Uint8Array {
  const base = () =>
    random.pick([
      () => names.dns(random.pick(['example.com', '.example.com', 'a.example.com', '', 'com', 'test', 'EXAMPLE.COM'])),
      () =>
        names.mail(random.pick(['example.com', '.example.com', 'a@example.com', 'A@example.com', 'a@EXAMPLE.com', ''])),
      () => names.uri(random.pick(['example.com', '.example.com', '', 'test'])),
      () => names.ip(10, 0, 0, 0, 255, 255, 255, random.pick([0, 254, 255])),
      () => names.ip(...new Array<number>(32).fill(0)),
      () => (random.chance(0.3) ? names.directory() : names.dns('example.com')),
    ])();
  const trees = () => random.times(1 + random.below(2), () => sequence(base()));
  const permitted = random.chance(0.6) ? [context(0, ...trees())] : [];
  const excluded = random.chance(0.6) || permitted.length === 0 ? [context(1, ...trees())] : [];
  return extension('2.5.29.30', sequence(...permitted, ...excluded), { critical: random.chance(0.5) });
}

const anyPolicy = '2.5.29.32.0';

function policyExtensions(random: Random): Uint8Array[] {
  const policy = () => random.pick(['1.2.3', '1.2.4', '1.2.5', anyPolicy]);
  const named = () => (random.chance(0.9) ? random.pick(['1.2.3', '1.2.4', '1.2.5']) : policy());
  const optional = (probability: number, number: number) =>
    random.chance(probability) ? [contextPrimitive(number, Uint8Array.of(random.below(3)))] : [];
  const found: Uint8Array[] = [];
  const critical = () => ({ critical: random.chance(0.3) });
  if (random.chance(0.85)) {
    const policies = new Set(random.times(1 + random.below(3), policy));
    found.push(extension('2.5.29.32', sequence(...[...policies].map((each) => sequence(oid(each)))), critical()));
  }
  if (random.chance(0.3)) {
    const mappings = random.times(1 + random.below(2), () => sequence(oid(named()), oid(named())));
    found.push(extension('2.5.29.33', sequence(...mappings), critical()));
  }
  if (random.chance(0.4))
    found.push(extension('2.5.29.36', sequence(...optional(0.7, 0), ...optional(0.5, 1)), critical()));
  if (random.chance(0.3)) found.push(extension('2.5.29.54', integer(random.below(3)), critical()));
  return found;
}
