// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec } from '../../../../shared/envelope/algorithm.ts';
import {
  type EnvelopeFormat,
  envelopeMediaTypes,
  type ExtendedAttribute,
} from '../../../../shared/envelope/content.ts';
import { payloadMediaType } from '../../../../shared/envelope/content.ts';
import { prepareEnvelope } from '../../../../shared/envelope/envelope.ts';
import { encodePayload } from '../../../../shared/envelope/payload.ts';
import { NotaryError } from '../../../../shared/errors.ts';
import type { VerifyPorts } from '../../../../shared/ports.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../../../shared/trust/policy.ts';
import type { SignatureOutcome, VerificationOutcome } from '../../../../shared/validation/outcome.ts';
import { parseChain } from '../../../../shared/x509/certificate.ts';
import type { TestSigner } from '../../../fakes/certificate-authority.ts';
import { Scenario } from '../../../fakes/verification.ts';
import { mutateBytes } from '../bytes.ts';
import { mutantSigner } from '../certificates.ts';
import { signRepeatably } from '../ecdsa.ts';
import { accepted, type Answer, base64, type Family } from '../family.ts';
import { objectText } from '../json.ts';
import type { Random } from '../random.ts';
import { mutantTimestampSigner, mutantToken } from '../tokens.ts';

const claim = (name: string) => `io.cncf.notary.${name}`;
const january = (year: number) => new Date(`${year}-01-01T00:00:00Z`);

const signers: readonly TestSigner[] = [
  mutantSigner('EC-256'),
  mutantSigner('EC-256', { notBefore: january(2026), notAfter: january(2027) }),
  mutantSigner('EC-384', { notAfter: january(2027) }),
];
/** Others than P-256 are rare: they cost ten times the time. */
const usualSigners = signers.slice(0, 2);
const authority = mutantTimestampSigner('EC-256');
const shortLivedAuthority = mutantTimestampSigner('EC-256', { role: 'short-lived', notAfter: january(2027) });

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

/** An envelope as it is attached. */
interface Attached {
  readonly mediaType: string;
  readonly envelope: Uint8Array;
}

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

function attachedEnvelope(random: Random, { artifact }: Scenario): Attached {
  const format = random.pick<EnvelopeFormat>(['jws', 'cose']);
  const signer = random.pick(random.chance(0.05) ? signers : usualSigners);
  const { certificateChain, privateKey } = signer;
  const { keySpec = 'EC-256' } = certificateChain[0];
  const byAuthority = random.chance(0.25);
  const prepared = prepareEnvelope(envelopeMediaTypes[format], {
    payload: {
      contentType: random.sometimes(0.03, () => 'text/plain', payloadMediaType),
      content: payload(random, artifact),
    },
    signingScheme: byAuthority ? 'notary.x509.signingAuthority' : 'notary.x509',
    signingTime: random.pick([
      new Date('2026-06-01T00:00:00Z'),
      new Date('2026-06-01T00:00:00Z'),
      january(2026),
      january(2027),
    ]),
    expiry: random.chance(0.3) ? random.pick([january(2028), new Date('2027-01-01T00:00:01Z')]) : undefined,
    extended: extendedAttributes(random),
    signingAgent: 'mutant/1',
    keySpec,
    certificateChain,
  });
  const { hash } = algorithmOfKeySpec(keySpec);
  const usual = signRepeatably(privateKey, hash, prepared.toBeSigned, 'ieee-p1363') ?? new Uint8Array();
  const signature = random.chance(0.03) ? usual.with(9, (usual[9] ?? 0) ^ 1) : usual;
  const timestampSignature = random.chance(0.35) ? timestamp(random, signature) : undefined;
  const envelope = prepared.complete(signature, { timestampSignature });
  return {
    mediaType: random.sometimes(0.02, () => random.pick(Object.values(envelopeMediaTypes)), envelopeMediaTypes[format]),
    envelope: random.chance(0.04) ? mutateBytes(random, envelope) : envelope,
  };
}

function payload(random: Random, artifact: Scenario['artifact']): Uint8Array {
  if (random.chance(0.03)) return Buffer.from(random.pick(['{}', '{"targetArtifact":1}', '{"targetArtifact":null}']));
  const annotations = random.pick([{}, { annotations: { k: 'v' } }, { annotations: { k: 'v', l: '' } }]);
  const other = random.pick([
    { size: 3 },
    { mediaType: 'a/b' },
    { digest: `sha256:${'0'.repeat(64)}` as typeof artifact.digest },
  ]);
  return encodePayload({ ...artifact, ...annotations, ...(random.chance(0.05) ? other : {}) });
}

function extendedAttributes(random: Random): ExtendedAttribute[] {
  if (random.chance(0.85)) return [];
  const attribute = (key: string, value: unknown, critical = random.chance(0.7)): ExtendedAttribute => ({
    key,
    critical,
    value,
  });
  return random.pick([
    () => [attribute('k', 'v')],
    () => [attribute(claim('verificationPlugin'), random.pick(['plugin', '', ' ', 5]))],
    () => [
      attribute(claim('verificationPlugin'), 'plugin', true),
      attribute(claim('verificationPluginMinVersion'), random.pick(['1.0.0', '1.0', 'v1.0.0', '', 1])),
    ],
    () => [attribute(claim('verificationPluginMinVersion'), '1.0.0')],
  ])();
}

function timestamp(random: Random, signature: Uint8Array): Uint8Array {
  const token = mutantToken({
    message: random.sometimes(0.05, () => Buffer.from('another'), signature),
    signer: random.pick([authority, authority, shortLivedAuthority]),
    genTime: random.pick([
      '20260601000010Z',
      '20260601000010Z',
      '20260101000000Z',
      '20270101000000Z',
      '20251231235959.5Z',
      '20280101000000Z',
    ]),
  });
  return random.chance(0.06) ? mutateBytes(random, token) : token;
}
