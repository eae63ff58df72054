// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseDigest } from '../../shared/primitives/digest.ts';
import { RememberedTrustStore } from '../../shared/remembered-trust-store.ts';
import type { SignatureOutcome, SignatureSummary, ValidationResult } from '../../shared/validation/outcome.ts';
import { endsOf } from '../../shared/verify-outcome.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { policyOf } from '../fakes/trust-policy.ts';
import { MemoryTrustStore } from '../fakes/verification.ts';

const now = new Date('2026-11-21T00:00:00Z');
const [past, soon, late] = ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', '2036-01-01T00:00:00Z'] as const;

function certificate(subject: string, notAfter: string) {
  return { subject, issuer: '', notBefore: '', notAfter, thumbprint: '' };
}

/** A signature whose signing certificate ends then, with a verified timestamp whose authority ends then, or without. */
function outcomeOf(
  leaf: string,
  tsa?: string,
  more: Partial<ValidationResult & SignatureSummary> = {},
): SignatureOutcome {
  const summary: SignatureSummary = {
    ...{ envelopeMediaType: '', algorithm: '', signingTime: '', userMetadata: {}, timestamped: tsa !== undefined },
    signingScheme: more.signingScheme ?? 'notary.x509',
    certificates: [certificate('CN=leaf', leaf), certificate('CN=root', late)],
  };
  const timestamp = { earliest: '', latest: '', certificates: [certificate('CN=tsa', tsa ?? '')] };
  const result: ValidationResult = {
    ...{ type: 'authenticTimestamp', action: 'log' },
    ...(tsa === undefined ? {} : { timestamp }),
    ...(more.error === undefined ? {} : { error: more.error }),
  };
  const digest = parseDigest(`sha256:${'0'.repeat(64)}`);
  return { digest, verified: true, validations: [result], signature: summary };
}

async function ends(outcome: SignatureOutcome, trustStores = ['ca:acme', 'tsa:clocks'], days = 30) {
  const [statement] = policyOf({ trustStores }).statements;
  if (statement === undefined) throw new Error('no statement');
  const store = new MemoryTrustStore();
  const old = createCertificateAuthority({ name: 'old', root: { notAfter: new Date(past) } }).root.certificate;
  store.stores.set('ca:acme', [old]);
  const stores = new RememberedTrustStore(store);
  await stores.load('ca', 'acme');
  return endsOf(outcome, { statement, stores, now, days });
}

const oldRoot = `the certificate of trust store ca:acme "CN=old Root,O=old,ST=WA,C=US" expired at ${past}`;

describe('endsOf', () => {
  it('tells what has expired where nothing proves when the signature was made', async () => {
    const { expiring } = await ends(outcomeOf(past));
    expect(expiring).toEqual([
      `the signing certificate "CN=leaf" expired at ${past}`,
      oldRoot,
      `the signature has no timestamp: it can be verified until ${past}, when a certificate of its chain expires`,
    ]);
  });

  it('does not tell what has expired since a time that is proven', async () => {
    expect(await ends(outcomeOf(past, past))).toEqual({ expiring: [], notices: [] });
    const authority = outcomeOf(past, undefined, { signingScheme: 'notary.x509.signingAuthority' });
    expect(await ends(authority)).toEqual({ expiring: [], notices: [] });
  });

  it('tells what will expire in either case', async () => {
    expect((await ends(outcomeOf(soon, soon))).expiring).toEqual([
      `the signing certificate "CN=leaf" expires at ${soon}`,
      `the timestamp authority certificate "CN=tsa" expires at ${soon}`,
    ]);
  });

  it('takes no timestamp for a proof that was found wrong', async () => {
    const { expiring } = await ends(outcomeOf(past, soon, { error: 'wrong' }));
    expect(expiring).toEqual([`the signing certificate "CN=leaf" expired at ${past}`, oldRoot]);
  });

  it('tells the end of a signature without timestamp as a notice as long as it is not near', async () => {
    const { notices } = await ends(outcomeOf(late));
    expect(notices).toEqual([expect.stringContaining(`can be verified until ${late}`)]);
    const { expiring, notices: near } = await ends(outcomeOf(soon, undefined), ['ca:acme']);
    expect(expiring.at(-1)).toContain(`can be verified until ${soon}`);
    expect(near).toEqual([]);
    const off = await ends(outcomeOf(soon), ['ca:acme'], 0);
    expect(off).toEqual({ expiring: [], notices: [expect.stringContaining(`can be verified until ${soon}`)] });
  });

  it('has nothing to tell of a signature that says nothing', async () => {
    const { digest, verified, validations } = outcomeOf(soon);
    expect(await ends({ digest, verified, validations })).toEqual({ expiring: [], notices: [] });
  });
});
