// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../../shared/x509/certificate.ts';
import { arePoliciesValid } from '../../../shared/x509/policy-graph.ts';
import { issueCertificate } from '../../fakes/certificate-authority.ts';
import { extension } from '../../fakes/certificate-extensions.ts';
import { contextPrimitive, integer, oid, sequence } from '../../fakes/der.ts';

const any = '2.5.29.32.0';
const [a, b, c] = ['1.2.3.1', '1.2.3.2', '1.2.3.3'];

interface Policies {
  readonly policies?: readonly string[];
  readonly mappings?: readonly (readonly [string, string])[];
  readonly requireExplicit?: number;
  readonly inhibitMapping?: number;
  readonly inhibitAny?: number;
  readonly selfIssued?: boolean;
}

let number = 0;

function certificate(spec: Policies): Certificate {
  const { policies, mappings, requireExplicit, inhibitMapping, inhibitAny, selfIssued = false } = spec;
  const limit = (tag: number, value: number | undefined) =>
    value === undefined ? [] : [contextPrimitive(tag, Uint8Array.of(value))];
  const constraints = [...limit(0, requireExplicit), ...limit(1, inhibitMapping)];
  const extensions = [
    ...(policies === undefined ? [] : [extension('2.5.29.32', sequence(...policies.map((id) => sequence(oid(id)))))]),
    ...(mappings === undefined
      ? []
      : [extension('2.5.29.33', sequence(...mappings.map(([from, to]) => sequence(oid(from), oid(to)))))]),
    ...(constraints.length === 0 ? [] : [extension('2.5.29.36', sequence(...constraints))]),
    ...(inhibitAny === undefined ? [] : [extension('2.5.29.54', integer(inhibitAny))]),
  ];
  const subject = `CN=${number++}`;
  return issueCertificate('ca', { subject, ...(selfIssued ? {} : { issuer: 'CN=issuer' }), extensions }).certificate;
}

/** A chain from leaf to root; the root's policies do not count. */
function valid(leaf: Policies, ...authorities: readonly Policies[]): boolean {
  return arePoliciesValid([certificate(leaf), ...authorities.map(certificate), certificate({})]);
}

const explicit = { requireExplicit: 0 };

describe('arePoliciesValid', () => {
  it('minds policies only where one is required', () => {
    expect(valid({}, {})).toBe(true);
    expect(valid({ policies: [a] }, { policies: [b] })).toBe(true);
    expect(valid({ policies: [b] }, { policies: [a], ...explicit })).toBe(false);
    expect(valid({}, { policies: [a], ...explicit })).toBe(false);
    expect(valid({ policies: [a] }, explicit)).toBe(false);
    expect(valid({ policies: [a] }, { policies: [a], ...explicit })).toBe(true);
    expect(valid({ policies: [c, a] }, { policies: [a, b], ...explicit })).toBe(true);
    expect(arePoliciesValid([certificate(explicit)])).toBe(true);
  });

  it('counts from where an explicit policy is required', () => {
    expect(valid({}, {}, { requireExplicit: 3 })).toBe(true);
    expect(valid({}, {}, { requireExplicit: 2 })).toBe(false);
    expect(valid({}, {}, { requireExplicit: 0 })).toBe(false);
    expect(valid({}, {}, { policies: [a], requireExplicit: 1 })).toBe(false);
    expect(valid({}, {}, {}, { requireExplicit: 4 })).toBe(true);
    expect(valid({}, {}, {}, { requireExplicit: 3 })).toBe(false);
    expect(valid({}, { selfIssued: true }, { selfIssued: true }, { requireExplicit: 2 })).toBe(true);
    expect(valid({ requireExplicit: 0 }, {})).toBe(false);
    expect(valid({ requireExplicit: 0, policies: [a] }, { policies: [a] })).toBe(true);
    expect(valid({ requireExplicit: 1 }, {})).toBe(true);
  });

  it('lets anyPolicy stand for all until it is inhibited', () => {
    expect(valid({ policies: [a] }, { policies: [any], ...explicit })).toBe(true);
    expect(valid({ policies: [any] }, { policies: [a], ...explicit })).toBe(true);
    expect(valid({ policies: [any] }, { policies: [any], ...explicit })).toBe(true);
    expect(valid({ policies: [any] }, { policies: [a], inhibitAny: 0, ...explicit })).toBe(false);
    expect(valid({ policies: [any] }, { policies: [a], inhibitAny: 1, ...explicit })).toBe(true);
    expect(
      valid({ policies: [a] }, { policies: [any], selfIssued: true }, { policies: [a], inhibitAny: 0, ...explicit }),
    ).toBe(true);
    expect(valid({ policies: [a] }, { policies: [any] }, { policies: [a], inhibitAny: 0, ...explicit })).toBe(false);
  });

  it('follows mappings, unless they are inhibited', () => {
    const mapped = { policies: [a], mappings: [[a, b]] as const, ...explicit };
    expect(valid({ policies: [b] }, mapped)).toBe(true);
    expect(valid({ policies: [a] }, mapped)).toBe(false);
    expect(
      valid(
        { policies: [c] },
        {
          ...mapped,
          mappings: [
            [a, b],
            [a, c],
          ],
        },
      ),
    ).toBe(true);
    expect(valid({ policies: [b] }, { ...mapped, policies: [any] })).toBe(true);
    expect(valid({ policies: [b] }, mapped, { policies: [a], inhibitMapping: 0 })).toBe(false);
    expect(valid({ policies: [a, b] }, { ...mapped, policies: [a, b] }, { policies: [any], inhibitMapping: 0 })).toBe(
      true,
    );
    expect(valid({ policies: [b] }, mapped, { policies: [a], inhibitMapping: 1 })).toBe(true);
  });

  it('refuses a mapping from or to anyPolicy', () => {
    expect(valid({}, { policies: [any], mappings: [[any, b]] })).toBe(false);
    expect(valid({}, { policies: [a], mappings: [[a, any]] })).toBe(false);
    expect(valid({}, { mappings: [[a, any]] })).toBe(true);
  });

  it('forgets what leads nowhere', () => {
    expect(valid({ policies: [b] }, { policies: [b] }, { policies: [a], ...explicit })).toBe(false);
    expect(valid({ policies: [a] }, { policies: [a] }, { policies: [a, b], ...explicit })).toBe(true);
  });
});
