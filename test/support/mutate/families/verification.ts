// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../../../shared/errors.ts';
import type { VerifyPorts } from '../../../../shared/ports.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../../../shared/trust/policy.ts';
import type { SignatureOutcome, VerificationOutcome } from '../../../../shared/validation/outcome.ts';
import { parseChain } from '../../../../shared/x509/certificate.ts';
import type { TestSigner } from '../../../fakes/certificate-authority.ts';
import { Scenario } from '../../../fakes/verification.ts';
import { accepted, type Answer, base64, type Family } from '../family.ts';
import { objectText } from '../json.ts';
import type { Random } from '../random.ts';

import { type Attached, attachedEnvelope, authority, shortLivedAuthority, signers } from './attached-envelopes.ts';

const rootOf = ({ chain }: TestSigner) => chain.at(-1)?.der ?? new Uint8Array();

/** Trust stores of a case; `undefined` cannot be read. */
const storeContents: Readonly<Record<string, readonly Uint8Array[] | undefined>> = {
  'ca:good': signers.map(rootOf),
  'ca:other': [rootOf(authority)],
  'ca:leaf': [signers[0]?.leaf.der ?? new Uint8Array()],
  'ca:broken': undefined,
  'signingAuthority:good': signers.map(rootOf),
  'signingAuthority:other': [rootOf(authority)],
  'tsa:good': [rootOf(authority), rootOf(shortLivedAuthority)],
  'tsa:other': signers.map(rootOf),
  'tsa:broken': undefined,
};

const readableStores = Object.entries(storeContents).flatMap(([name, content]) =>
  content === undefined ? [] : [[name, content] as const],
);
const parsedStores = readableStores.map(([name, content]) => [name, parseChain(content)] as const);
const encodedStores = Object.fromEntries(
  readableStores.map(([name, content]) => [name, { certificates: content.map(base64) }]),
);

/** Artifacts with signatures, verified by some policy at some time with some answers about revocation. */
export const verification: Family = {
  name: 'verification',
  oracle: 'verification',
  generate: (random) => {
    const scenario = new Scenario();
    const policy = Buffer.from(policyText(random));
    const now = random.pick(clocks);
    const signatures = random.times(random.pick([0, 1, 1, 1, 1, 1, 1, 2, 3]), () => attachedEnvelope(random, scenario));
    const answers = { codeSigning: revocation(random), timestamping: revocation(random) };
    const metadata = random.pick([{}, {}, {}, { k: 'v' }, { k: 'w' }, { k: 'v', l: '' }]);
    const maxSignatures = random.pick([1, 2, 100]);
    const { digest, mediaType, size } = scenario.artifact;
    return {
      input: {
        policy: base64(policy),
        repository: 'reg.example/app',
        artifact: { digest, mediaType, size },
        signatures: signatures.map(({ mediaType: type, envelope }) => ({
          mediaType: type,
          envelope: base64(envelope),
        })),
        stores: encodedStores,
        now,
        ...answers,
        metadata,
        maxSignatures,
      },
      decide: async () => {
        const parsed = parse(policy);
        if ('accepted' in parsed) return parsed;
        prepare(scenario, signatures, new Date(now));
        const request = { policy: parsed, requiredMetadata: new Map(Object.entries(metadata)), maxSignatures };
        return answerOf(await scenario.verify(request, portsOf(answers)));
      },
    };
  },
};

function parse(policy: Uint8Array): TrustPolicy | Answer {
  try {
    return parseTrustPolicy(policy, 'trustpolicy.json');
  } catch (thrown) {
    if (thrown instanceof NotaryError) return { accepted: false, stage: 'policy', text: thrown.message };
    throw thrown;
  }
}

function prepare(scenario: Scenario, signatures: readonly Attached[], now: Date): void {
  for (const { envelope, mediaType } of signatures) scenario.attach(envelope, mediaType);
  scenario.now = now;
  for (const [name, certificates] of parsedStores) scenario.trustStore.stores.set(name, certificates);
}

type Answers = Readonly<Record<'codeSigning' | 'timestamping', readonly RevocationStatus[]>>;
type RevocationStatus = 'good' | 'not-revokable' | 'unknown' | 'revoked';

function portsOf(answers: Answers): Pick<VerifyPorts, 'revocation' | 'plugins'> {
  return {
    revocation: {
      check: (chain, purpose) => {
        const statuses = answers[purpose];
        if (statuses.length === 0)
          return Promise.reject(new NotaryError('chain-invalid', 'revocation cannot be checked'));
        const statusOf = (index: number) => statuses[Math.min(index, statuses.length - 1)] ?? 'unknown';
        return Promise.resolve(chain.map(({ subject }, index) => ({ subject, status: statusOf(index) })));
      },
    },
    plugins: { locate: () => Promise.reject(new NotaryError('feature-unavailable', 'no plugin is installed')) },
  };
}

function answerOf(outcome: VerificationOutcome): Answer {
  if (outcome.outcome === 'skipped') return accepted('skipped');
  const facts = outcome.signatures.map(describe);
  if (outcome.outcome === 'verified') return accepted(facts);
  return { accepted: false, stage: stageOf(outcome), facts, text: outcome.error };
}

function stageOf(outcome: Extract<VerificationOutcome, { outcome: 'failed' }>): string {
  if (outcome.statement === undefined) return 'no-statement';
  if (outcome.error.includes('configured limit of')) return 'limit';
  return outcome.signatures.length === 0 ? 'retrieval' : 'failed';
}

function describe({ validations, verified, error }: SignatureOutcome) {
  return {
    validations: validations
      .filter(({ action, type }) => action !== 'skip' || type !== 'revocation')
      .map((found) => `${found.type} ${found.action} ${found.error === undefined ? 'passed' : 'failed'}`),
    class: verified ? 'ok' : classOf(error),
  };
}

function classOf(error: string | undefined): string {
  if (error === undefined) return 'validation';
  if (error.startsWith('unable to find specified metadata')) return 'metadata';
  if (error === 'content descriptor mismatch') return 'mismatch';
  return error.includes('plugin') || error.includes('Plugin') ? 'plugin' : 'payload';
}

const clocks = [
  ...[
    '2026-06-01T00:00:10Z',
    '2026-06-01T00:00:10Z',
    '2026-06-01T00:00:10Z',
    '2026-06-01T00:00:10Z',
    '2025-12-31T23:59:59Z',
  ],
  ...[
    '2026-01-01T00:00:00Z',
    '2027-01-01T00:00:00Z',
    '2027-01-01T00:00:01Z',
    '2027-01-01T00:00:00.001Z',
    '2030-06-01T00:00:00Z',
  ],
  ...['2019-12-31T23:59:59Z', '2121-01-01T00:00:00Z', '2028-01-01T00:00:00Z', '2027-12-31T23:59:59.999Z'],
];

function revocation(random: Random): RevocationStatus[] {
  if (random.chance(0.04)) return [];
  if (random.chance(0.7)) return ['good', 'good', 'not-revokable'];
  return random.times(3, () => random.pick(['good', 'good', 'good', 'not-revokable', 'unknown', 'revoked'] as const));
}

function policyText(random: Random): string {
  const level = random.pick(['strict', 'strict', 'strict', 'permissive', 'audit', 'skip']);
  const isSkip = level === 'skip';
  const types = ['authenticity', 'authenticTimestamp', 'expiry', 'revocation'];
  const override = Object.fromEntries(
    random.some(2, () => {
      const type = random.pick(types);
      return [type, random.pick(type === 'revocation' ? ['enforce', 'log', 'skip'] : ['enforce', 'log'])] as const;
    }),
  );
  const verifyTimestamp = random.pick([{}, { verifyTimestamp: 'always' }, { verifyTimestamp: 'afterCertExpiry' }]);
  const statement = {
    name: 'default',
    registryScopes: [random.pick(['*', '*', 'reg.example/app', 'reg.example/app', 'reg.example/other'])],
    signatureVerification: { level, ...(random.chance(0.3) && !isSkip ? { override } : {}), ...verifyTimestamp },
    ...(isSkip ? {} : { trustStores: stores(random), trustedIdentities: identities(random) }),
  };
  return objectText([
    ['version', '"1.0"'],
    ['trustPolicies', JSON.stringify([statement])],
  ]);
}

function stores(random: Random): string[] {
  const found = random.chance(0.85) ? ['ca:good', 'signingAuthority:good'] : [];
  if (random.chance(0.4)) found.push('tsa:good');
  if (random.chance(0.25))
    found.push(...random.times(1, () => random.pick([...Object.keys(storeContents), 'ca:missing'])));
  return found.length === 0 ? ['ca:other'] : random.chance(0.3) ? random.shuffle(found) : found;
}

function identities(random: Random): string[] {
  if (random.chance(0.6)) return ['*'];
  const subject = (rest: string) => `x509.subject: C=US, ST=WA, O=${rest}`;
  return random.pick([
    [subject('Mutants')],
    [subject('Mutants, CN=EC-256 leaf')],
    [subject('other')],
    [subject('other'), subject('Mutants')],
    ['plugin:x'],
    ['plugin:x', subject('Mutants')],
  ]);
}
