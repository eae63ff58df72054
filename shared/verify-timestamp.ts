// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from './envelope/content.ts';
import { NotaryError } from './errors.ts';
import type { TrustStore, VerifyPorts } from './ports.ts';
import { quote } from './primitives/quote.ts';
import { describeRevocation } from './revocation/describe-revocation.ts';
import type { CertificateRevocation } from './revocation/status.ts';
import {
  describeRange,
  rangeTimes,
  readCountersignature,
  verifyCountersignature,
} from './timestamp/countersignature.ts';
import type { TrustPolicyStatement } from './trust/policy.ts';
import { needsTimestamp, validateAuthenticTimestamp } from './validation/authentic-timestamp.ts';
import type { ValidationResult } from './validation/outcome.ts';
import { summarizeCertificate } from './validation/signature-summary.ts';
import { findTsaRevocation } from './validation/tsa-revocation.ts';
import type { Certificate, CertificateChain } from './x509/certificate.ts';

type Ports = Pick<VerifyPorts, 'trustStore' | 'revocation'>;
type Finding = Omit<ValidationResult, 'type' | 'action'>;

/**
 * Whether the signing certificates were valid when the signature was made: at the authentic signing time of a signing
 * authority, else at the time of a timestamp where the policy asks for one, else now (reference 9.3).
 */
export async function verifyTimestamp(
  envelope: VerifiedEnvelope,
  statement: TrustPolicyStatement,
  now: Date,
  ports: Ports,
): Promise<ValidationResult> {
  const action = statement.level.actions.authenticTimestamp;
  if (!needsTimestamp(envelope, statement, now)) return validateAuthenticTimestamp(envelope, action, now);
  return { type: 'authenticTimestamp', action, ...(await findTimestamp(envelope, statement, ports)) };
}

/** What is wrong with a timestamp is a finding; anything else that is thrown is not for here. */
async function findTimestamp(
  envelope: VerifiedEnvelope,
  statement: TrustPolicyStatement,
  ports: Ports,
): Promise<Finding> {
  try {
    return await checkTimestamp(envelope, statement, ports);
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    return { error: thrown.message, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) };
  }
}

/** The steps in the reference's order: stores are loaded only for a timestamp that is about this signature. */
async function checkTimestamp(
  { unsignedAttributes, signature, certificateChain }: VerifiedEnvelope,
  statement: TrustPolicyStatement,
  { trustStore, revocation }: Ports,
): Promise<Finding> {
  const { timestampSignature } = unsignedAttributes;
  if (timestampSignature === undefined || timestampSignature.length === 0) return missing;
  const countersignature = readCountersignature(timestampSignature, signature);
  const roots = await loadRoots(statement, trustStore);
  if (roots.length === 0) return { error: 'no trusted TSA certificate found in trust store' };
  const chain = verifyCountersignature(countersignature, roots, certificateChain);
  const facts = await checkRevocation(chain, revocation);
  const revoked = findTsaRevocation(chain, facts, 'leaf');
  const timestamp = { ...rangeTimes(countersignature.range), certificates: chain.map(summarizeCertificate) };
  if (revoked !== undefined) return { error: revoked, revocation: facts, timestamp };
  const range = describeRange(countersignature.range);
  const by = `timestamped ${range} by ${quote(chain[0].subject)}, when all certificates were valid`;
  return { note: `${by}; ${describeRevocation(facts)}`, revocation: facts, timestamp };
}

const missing: Finding = {
  error: 'no timestamp countersignature was found in the signature envelope',
  hint: 'Sign with {input:timestampUrl}, or remove the tsa store from the trustStores of the trust policy statement.',
};

/** Loads stores in the statement's order, each once. */
async function loadRoots(statement: TrustPolicyStatement, trustStore: TrustStore): Promise<Certificate[]> {
  const names = new Set(statement.trustStores.filter(({ type }) => type === 'tsa').map(({ name }) => name));
  const roots: Certificate[] = [];
  for (const name of names) {
    roots.push(...(await told('failed to load tsa trust store with error: ', () => trustStore.load('tsa', name))));
  }
  return roots;
}

function checkRevocation(
  chain: CertificateChain,
  revocation: VerifyPorts['revocation'],
): Promise<readonly CertificateRevocation[]> {
  const prefix = 'failed to check timestamping certificate chain revocation with error: ';
  return told(prefix, () => revocation.check(chain, 'timestamping', undefined));
}

async function told<T>(prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
    throw new NotaryError(thrown.code, `${prefix}${thrown.message}`, { ...hint, cause: thrown });
  }
}
