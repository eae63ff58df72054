// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { pushImage, type PushedImage } from './support/image.ts';
import { selfSignedKey, signingKey } from './support/keys.ts';
import { createNotation, strictPolicy, type NotationOptions } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('p256');
const dayMilliseconds = 86_400_000;
let registry: RunningRegistry;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
});
afterAll(() => registry.stop());

type Statement = Record<string, unknown>;

const base = strictPolicy.trustPolicies[0];

function policy(...statements: Statement[]): unknown {
  return {
    version: '1.0',
    trustPolicies: statements.map((statement, index) => ({ ...base, name: `s${index}`, ...statement })),
  };
}

/** What is signed, the policy, and the decision that both must come to. */
interface Case {
  readonly what: string;
  readonly policy: unknown;
  readonly expired?: boolean;
  readonly trusted?: readonly string[];
  readonly signer?: Parameters<typeof signWithUs>[1]['key'];
  readonly decision: 'verified' | 'failed' | 'skipped';
  /** Types of the validations that are only logged. */
  readonly warned?: readonly string[];
}

const repository = 'policies/app';
const untrusted = [signingKey('p384').root];
const identities = (...trustedIdentities: string[]) => policy({ trustedIdentities });
const level = (signatureVerification: unknown) => policy({ signatureVerification });

const cases = (host: string): readonly Case[] => [
  {
    what: 'an identity with every attribute of the subject',
    policy: identities('x509.subject: C=US, ST=WA, L=Seattle, O=Vector Signing, CN=leaf-p256'),
    decision: 'verified',
  },
  {
    what: 'an identity with the attributes that are demanded at least, in another order',
    policy: identities('x509.subject: O=Vector Signing,C=US,ST=WA'),
    decision: 'verified',
  },
  {
    what: 'one of several identities',
    policy: identities('x509.subject: C=DE, ST=BE, O=Other', 'x509.subject: C=US, ST=WA, O=Vector Signing'),
    decision: 'verified',
  },
  {
    what: 'an identity in other letter case',
    policy: identities('x509.subject: C=US, ST=WA, O=vector signing'),
    decision: 'failed',
  },
  {
    what: 'permissive, expired',
    policy: level({ level: 'permissive' }),
    expired: true,
    decision: 'verified',
    warned: ['expiry'],
  },
  {
    what: 'permissive, not trusted',
    policy: level({ level: 'permissive' }),
    trusted: untrusted,
    decision: 'failed',
  },
  {
    what: 'audit, not trusted and expired',
    policy: level({ level: 'audit' }),
    trusted: untrusted,
    expired: true,
    decision: 'verified',
    warned: ['authenticity', 'expiry'],
  },
  {
    what: 'strict but for expiry, which is logged',
    policy: level({ level: 'strict', override: { expiry: 'log' } }),
    expired: true,
    decision: 'verified',
    warned: ['expiry'],
  },
  {
    what: 'strict without revocation',
    policy: level({ level: 'strict', override: { revocation: 'skip' } }),
    decision: 'verified',
  },
  {
    what: 'skip, not trusted',
    policy: policy({ signatureVerification: { level: 'skip' }, trustStores: [], trustedIdentities: [] }),
    trusted: untrusted,
    decision: 'skipped',
  },
  {
    what: 'the statement of the repository before that of all others',
    policy: policy(
      { trustedIdentities: ['x509.subject: C=DE, ST=BE, O=Other'] },
      { registryScopes: [`${host}/${repository}`] },
    ),
    decision: 'verified',
  },
  {
    what: 'the statement of all repositories where another repository is named',
    policy: policy(
      { registryScopes: [`${host}/${repository}2`] },
      { trustedIdentities: ['x509.subject: C=DE, ST=BE, O=Other'] },
    ),
    decision: 'failed',
  },
  {
    what: 'a trust store that does not exist',
    policy: policy({ trustStores: ['ca:missing'] }),
    decision: 'failed',
  },
  {
    what: 'a self-signed certificate that is trusted itself',
    policy: strictPolicy,
    signer: selfSignedKey,
    trusted: [selfSignedKey.certificateChain],
    decision: 'verified',
  },
  {
    what: 'a self-signed certificate that is not trusted',
    policy: strictPolicy,
    signer: selfSignedKey,
    decision: 'failed',
  },
];

const names = cases('').map(({ what }) => what);

it.each(names)('Notation and we decide alike: %s', async (name) => {
  const chosen = cases(registry.host).find(({ what }) => what === name);
  if (chosen === undefined) throw new Error(name);
  const image = await pushImage(registry.host, repository);
  const now = chosen.expired === true ? new Date(Date.now() - dayMilliseconds) : new Date();
  await signWithUs(image, { key: chosen.signer ?? key, format: 'cose', now, expirySeconds: 3600 });
  const trust: NotationOptions = { trustPolicy: chosen.policy, ...(chosen.trusted && { trusted: chosen.trusted }) };
  expect(await decisionOfNotation(image, trust)).toEqual({ decision: chosen.decision, warned: chosen.warned ?? [] });
  expect(await ourDecision(image, trust)).toEqual({ decision: chosen.decision, warned: chosen.warned ?? [] });
});

interface Decision {
  readonly decision: string;
  readonly warned: readonly string[];
}

async function decisionOfNotation(image: PushedImage, trust: NotationOptions): Promise<Decision> {
  const notation = createNotation(trust);
  onTestFinished(() => {
    notation.remove();
  });
  const { status, stdout, stderr } = await notation.run('verify', image.reference);
  const warned = [...stderr.matchAll(/^Warning: (\w+) was set to "log" and failed/gm)].map(([, type = '']) => type);
  if (status !== 0) return { decision: 'failed', warned };
  return { decision: stdout.startsWith('Trust policy is configured to skip') ? 'skipped' : 'verified', warned };
}

async function ourDecision(image: PushedImage, trust: NotationOptions): Promise<Decision> {
  const notation = createNotation(trust);
  onTestFinished(() => {
    notation.remove();
  });
  const outcome = await verifyWithUs(image, notation);
  const logged = outcome.signatures.flatMap(({ validations }) =>
    validations.flatMap(({ type, action, error }) => (action === 'log' && error !== undefined ? [type] : [])),
  );
  if (outcome.outcome === 'failed') expect(reasons(outcome)).not.toBe('');
  return { decision: outcome.outcome, warned: outcome.outcome === 'verified' ? logged : [] };
}
