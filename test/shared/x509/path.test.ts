// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Instant } from '../../../shared/primitives/instant.ts';
import type { Certificate } from '../../../shared/x509/certificate.ts';
import { buildPaths, type PathRequirements } from '../../../shared/x509/path.ts';
import { timeStampingUsage } from '../../../shared/x509/timestamping-chain.ts';
import { issueCertificate, type CertificateSpec, type TestCertificate } from '../../fakes/certificate-authority.ts';
import {
  basicConstraints,
  defaultExtensions,
  extendedKeyUsage,
  extension,
  keyUsage,
} from '../../fakes/certificate-extensions.ts';
import { context, contextPrimitive, nullValue, octetString, oid, sequence } from '../../fakes/der.ts';
import { timestampExtensions } from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const ca = defaultExtensions.ca;
const at: Instant = { seconds: BigInt(Date.UTC(2026, 5, 1) / 1000), nanoseconds: 0, offsetMinutes: 0 };

function authority(name: string, issuer?: TestCertificate, spec: CertificateSpec = {}): TestCertificate {
  return issueCertificate('ca', { subject: `CN=${name}`, ...spec }, issuer);
}

function leafOf(issuer: TestCertificate, spec: CertificateSpec = {}): TestCertificate {
  return issueCertificate('leaf', { subject: 'CN=leaf', extensions: timestampExtensions, ...spec }, issuer);
}

function certificates(...made: readonly TestCertificate[]): Certificate[] {
  return made.map(({ certificate }) => certificate);
}

/** Paths as the subjects in them. */
function paths(leaf: TestCertificate, requirements: Partial<PathRequirements>): string[] {
  const found = buildPaths(leaf.certificate, {
    roots: [],
    intermediates: [],
    usage: timeStampingUsage,
    at,
    ...requirements,
  });
  return found.map((path) => path.map(({ subject }) => subject.replace('CN=', '')).join(' < '));
}

function expectNone(leaf: TestCertificate, requirements: Partial<PathRequirements>, message: string | RegExp): void {
  expectError(() => paths(leaf, requirements), 'chain-invalid', message);
}

const root = authority('root');
const intermediate = authority('intermediate', root);
const leaf = leafOf(intermediate);
const roots = certificates(root);
const intermediates = certificates(intermediate);
const unknownAuthority = 'x509: certificate signed by unknown authority';

describe('buildPaths', () => {
  it('finds the way to a root', () => {
    expect(paths(leaf, { roots, intermediates })).toEqual(['leaf < intermediate < root']);
    expect(paths(leafOf(root), { roots })).toEqual(['leaf < root']);
    expect(paths(leaf, { roots: certificates(intermediate), intermediates })).toEqual(['leaf < intermediate']);
  });

  it('takes a leaf that is a root itself', () => {
    const own = issueCertificate('leaf', { subject: 'CN=own', extensions: timestampExtensions });
    expect(paths(own, { roots: certificates(own) })).toEqual(['own']);
    expectNone(own, { intermediates: certificates(own) }, unknownAuthority);
  });

  it('[SEC-21] trusts no root that comes with the token', () => {
    expectNone(leaf, { intermediates: certificates(intermediate, root) }, unknownAuthority);
    expectNone(leaf, { roots: certificates(authority('other')), intermediates }, unknownAuthority);
  });

  it('goes by the key, not by the name', () => {
    const impostor = authority('root', undefined, { keyType: 'EC-384' });
    expectNone(
      leaf,
      { roots: certificates(impostor), intermediates },
      /^x509: certificate signed by unknown authority \(possibly because of "x509: ECDSA verification failure" while/,
    );
    expect(paths(leaf, { roots: certificates(impostor, root), intermediates })).toEqual(['leaf < intermediate < root']);
  });

  it('finds all ways, a nearer root first', () => {
    const cross = authority('intermediate', authority('other'));
    const all = { roots: certificates(authority('other'), root), intermediates: certificates(cross, intermediate) };
    expect(paths(leaf, all)).toEqual(['leaf < intermediate < other', 'leaf < intermediate < root']);
    const near = { roots: certificates(intermediate, root), intermediates };
    expect(paths(leaf, near)).toEqual(['leaf < intermediate', 'leaf < intermediate < root']);
  });

  it('prefers the issuer whose key identifier fits', () => {
    const identified = (id: number, issuer: TestCertificate) =>
      authority('i', issuer, { extensions: [...ca, extension('2.5.29.14', octetString(Uint8Array.of(id)))] });
    const named = (id: number) => extension('2.5.29.35', sequence(contextPrimitive(0, Uint8Array.of(id))));
    const [first, second, plain] = [
      identified(1, authority('r1')),
      identified(2, authority('r2')),
      authority('i', authority('r3')),
    ];
    const requirements = {
      roots: certificates(authority('r1'), authority('r2'), authority('r3')),
      intermediates: certificates(first, second, plain),
    };
    const order = (...extensions: readonly Uint8Array[]) =>
      paths(leafOf(first, { extensions: [...timestampExtensions, ...extensions] }), requirements).map((path) =>
        path.slice(-1),
      );
    expect(order(named(2))).toEqual(['2', '3', '1']);
    expect(order(named(1))).toEqual(['1', '3', '2']);
    expect(order()).toEqual(['3', '1', '2']);
  });

  it('judges every certificate at the time given, to the nanosecond', () => {
    const until = { notAfter: new Date(Number(at.seconds) * 1000) };
    const later = { ...at, nanoseconds: 1 };
    const earlier = { ...at, seconds: at.seconds - 1n, nanoseconds: 999_999_999 };
    const from = { notBefore: new Date(Number(at.seconds) * 1000) };
    expect(paths(leafOf(root, until), { roots })).toHaveLength(1);
    expect(paths(leafOf(root, from), { roots })).toHaveLength(1);
    const expired =
      /^x509: certificate has expired or is not yet valid: current time \S+ is (?:after|before) 2026-06-01T00:00:00Z$/;
    expectNone(leafOf(root, until), { roots, at: later }, expired);
    expectNone(leafOf(root, from), { roots, at: earlier }, expired);
    const brief = authority('brief', undefined, until);
    expect(paths(leafOf(brief), { roots: certificates(brief) })).toHaveLength(1);
    expectNone(leafOf(brief), { roots: certificates(brief), at: later }, expired);
    const middle = authority('middle', root, until);
    expectNone(leafOf(middle), { roots, intermediates: certificates(middle), at: later }, /certificate has expired/);
  });

  it('wants the CA flag of those in between', () => {
    const plain = authority('plain', root, {
      extensions: [basicConstraints({ ca: false }), keyUsage(['keyCertSign'])],
    });
    expectNone(
      leafOf(plain),
      { roots, intermediates: certificates(plain) },
      /parent certificate cannot sign this kind of certificate/,
    );
    const old = authority('old', root, { version: 1, extensions: [] });
    expectNone(
      leafOf(old),
      { roots, intermediates: certificates(old) },
      'x509: certificate is not authorized to sign other certificates',
    );
    const oldRoot = authority('old', undefined, { version: 1, extensions: [] });
    expect(paths(leafOf(oldRoot), { roots: certificates(oldRoot) })).toEqual(['leaf < old']);
  });

  it('counts those in between against path lengths', () => {
    const limited = authority('limited', undefined, {
      extensions: [basicConstraints({ ca: true, pathLength: 0 }), keyUsage(['keyCertSign'])],
    });
    const below = authority('below', limited);
    expect(paths(leafOf(limited), { roots: certificates(limited) })).toHaveLength(1);
    expectNone(
      leafOf(below),
      { roots: certificates(limited), intermediates: certificates(below) },
      'x509: too many intermediates for path length constraint',
    );
  });

  it.each([
    ['an unknown one', extension('1.2.3.4', nullValue(), { critical: true })],
    [
      'alternative names of unknown kinds',
      extension('2.5.29.17', sequence(context(4, sequence())), { critical: true }),
    ],
    [
      'name constraints on directory names',
      extension('2.5.29.30', sequence(context(0, sequence(context(4, sequence())))), { critical: true }),
    ],
  ])('refuses critical extensions that it does not understand: %s', (_, unknown) => {
    const unhandled = 'x509: unhandled critical extension';
    expectNone(leafOf(root, { extensions: [...timestampExtensions, unknown] }), { roots }, unhandled);
    const strange = authority('strange', root, { extensions: [...ca, unknown] });
    expectNone(leafOf(strange), { roots, intermediates: certificates(strange) }, unhandled);
  });

  it('passes over unknown extensions that are not critical', () => {
    const unknown = extension('1.2.3.4', nullValue());
    expect(paths(leafOf(root, { extensions: [...timestampExtensions, unknown] }), { roots })).toHaveLength(1);
    const names = extension('2.5.29.17', sequence(context(4, sequence())));
    expect(paths(leafOf(root, { extensions: [...timestampExtensions, names] }), { roots })).toHaveLength(1);
  });

  it('wants the usage of every certificate that says something about it', () => {
    const usage = (...usages: readonly string[]) => ({ extensions: [...ca, extendedKeyUsage(usages)] });
    for (const allowed of [['timeStamping'], ['any'], ['codeSigning', 'timeStamping']]) {
      const issuer = authority('limited', root, usage(...allowed));
      expect(paths(leafOf(issuer), { roots, intermediates: certificates(issuer) })).toHaveLength(1);
    }
    for (const refused of [['codeSigning'], ['1.2.3.4']]) {
      const issuer = authority('limited', root, usage(...refused));
      const incompatible = 'x509: certificate specifies an incompatible key usage';
      expectNone(leafOf(issuer), { roots, intermediates: certificates(issuer) }, incompatible);
      const limitedRoot = authority('limited', undefined, usage(...refused));
      expectNone(leafOf(limitedRoot), { roots: certificates(limitedRoot) }, incompatible);
    }
  });

  it.each(['SHA1-RSA', 'MD5-RSA'] as const)(
    'refuses %s signatures, but does not look at that of the root',
    (signatureAlgorithm) => {
      const weakRoot = authority('weak', undefined, { keyType: 'RSA-2048', signatureAlgorithm });
      expect(paths(leafOf(weakRoot), { roots: certificates(weakRoot) })).toHaveLength(1);
      const weak = leafOf(weakRoot, { signatureAlgorithm });
      expectNone(weak, { roots: certificates(weakRoot) }, /insecure algorithm (?:SHA1|MD5)-RSA/);
    },
  );

  it('leaves a circle of cross-signed authorities', () => {
    const a = authority('a', authority('b'));
    const b = authority('b', authority('a'));
    expectNone(leafOf(a), { roots, intermediates: certificates(a, b) }, unknownAuthority);
    expect(paths(leafOf(a), { roots: certificates(authority('b')), intermediates: certificates(a, b) })).toEqual([
      'leaf < a < b',
    ]);
  });

  it('[SEC-3] gives up after a hundred signatures', () => {
    const impostors = Array.from({ length: 120 }, (_, i) =>
      authority('intermediate', root, { serialNumber: BigInt(i), keyType: 'EC-384' }),
    );
    expectNone(
      leaf,
      { roots, intermediates: certificates(...impostors) },
      'x509: signature check attempts limit reached while verifying certificate chain',
    );
    const few = certificates(...impostors.slice(0, 50), intermediate);
    expect(paths(leaf, { roots, intermediates: few })).toEqual(['leaf < intermediate < root']);
  });

  it('counts the same certificate once', () => {
    const many = Array.from({ length: 150 }, () => intermediate.certificate);
    expect(paths(leaf, { roots: [...roots, ...roots], intermediates: many })).toEqual(['leaf < intermediate < root']);
  });

  it('applies name constraints and policies', () => {
    const names = extension('2.5.29.17', sequence(contextPrimitive(2, Buffer.from('tsa.example.com'))));
    const only = extension(
      '2.5.29.30',
      sequence(context(0, sequence(contextPrimitive(2, Buffer.from('example.org'))))),
    );
    const narrow = authority('narrow', undefined, { extensions: [...ca, only] });
    expectNone(
      leafOf(narrow, { extensions: [...timestampExtensions, names] }),
      { roots: certificates(narrow) },
      'x509: a root or intermediate certificate is not authorized to sign for this name: DNS name "tsa.example.com" is not permitted by any constraint',
    );
    const explicit = extension('2.5.29.36', sequence(contextPrimitive(0, Uint8Array.of(0))));
    const strict = authority('strict', root, { extensions: [...ca, explicit] });
    const requirements = { roots, intermediates: certificates(strict) };
    expectNone(leafOf(strict), requirements, 'x509: no valid chains built: 1 candidate chains with invalid policies');
    const policies = extension('2.5.29.32', sequence(sequence(oid('1.2.3'))));
    const certified = authority('strict', root, { extensions: [...ca, explicit, policies] });
    const good = leafOf(certified, { extensions: [...timestampExtensions, policies] });
    expect(paths(good, { roots, intermediates: certificates(certified) })).toHaveLength(1);
  });
});
