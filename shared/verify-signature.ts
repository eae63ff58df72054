// SPDX-License-Identifier: Apache-2.0
import type { StoredEnvelope } from './artifact.ts';
import type { SigningScheme, VerifiedEnvelope } from './envelope/content.ts';
import { type SignatureEnvelope, readContent } from './envelope/envelope.ts';
import { NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { capabilities } from './plugin/metadata.ts';
import { pluginAttributes } from './plugin/verify-protocol.ts';
import type { TrustStore, VerifyPorts } from './ports.ts';
import type { VerificationLevel } from './trust/level.ts';
import type { TrustPolicyStatement } from './trust/policy.ts';
import {
  type LoadedStore,
  type TrustedCertificates,
  storesFor,
  validateAuthenticity,
} from './validation/authenticity.ts';
import { validateExpiry } from './validation/expiry.ts';
import { validateIntegrity } from './validation/integrity.ts';
import type { SignatureOutcome, SignatureSummary, ValidationResult } from './validation/outcome.ts';
import { type RevocationFacts, validateRevocation } from './validation/revocation.ts';
import { summarizeSignature } from './validation/signature-summary.ts';
import { type Laxity, type Strictness, findCriticalAttribute, findManifestLaxity } from './validation/strictness.ts';
import type { TargetMismatch } from './validation/target-artifact.ts';
import { verifyTimestamp } from './verify-timestamp.ts';
import {
  type SignaturePlugin,
  askedOf,
  locateSignaturePlugin,
  takesOver,
  verifyWithPlugin,
} from './verify-with-plugin.ts';

/** What a signature is judged by; the same for all signatures of an artifact. */
export interface Judgement {
  /** Undefined for a file: then there is no signature manifest that could name it. */
  readonly artifact?: Descriptor;
  /** Why a signature that is sound in itself is not the one that was asked for. */
  readonly findMismatch: (envelope: VerifiedEnvelope) => Promise<TargetMismatch | undefined>;
  readonly statement: TrustPolicyStatement;
  readonly strictness: Strictness;
  readonly now: Date;
  readonly ports: Omit<VerifyPorts, 'source'>;
}

/** The validations of one signature in their order: one that is enforced and fails ends them. */
export async function verifySignature(
  signature: Pick<Descriptor, 'digest'>,
  stored: StoredEnvelope,
  judgement: Judgement,
): Promise<SignatureOutcome> {
  const { level } = judgement.statement;
  const laxity = findLaxManifest(stored, judgement);
  if (laxity !== undefined) return { digest: signature.digest, verified: false, validations: [], ...laxity };
  const integrity = validateIntegrity(stored.mediaType, stored.bytes, level.actions.integrity, judgement.strictness);
  const { envelope } = integrity;
  const summary = envelope === undefined ? summaryOfRejected(integrity.parsed) : summarizeSignature(envelope);
  const known = { digest: signature.digest, ...(summary === undefined ? {} : { signature: summary }) };
  if (envelope === undefined) return { ...known, verified: false, validations: [integrity.result] };

  const plugin = await locateSignaturePlugin(envelope, judgement.ports.plugins);
  if (plugin !== undefined && 'error' in plugin) {
    return { ...known, verified: false, validations: [integrity.result], ...plugin };
  }
  const own = [integrity.result];
  for await (const result of validate(envelope, judgement, plugin)) {
    own.push(result);
    if (isFatal(result)) return { ...known, verified: false, validations: own };
  }
  const { validations, problem } =
    plugin === undefined ? { validations: own } : await verifyWithPlugin(plugin, envelope, judgement.statement, own);
  if (problem !== undefined || validations.some(isFatal)) return { ...known, verified: false, validations, ...problem };
  const unprocessed = judgement.strictness === 'strict' ? findUnprocessed(envelope, plugin, level) : undefined;
  if (unprocessed !== undefined) return { ...known, verified: false, validations, ...unprocessed };
  const mismatch = await judgement.findMismatch(envelope);
  return { ...known, verified: mismatch === undefined, validations, ...mismatch };
}

function findLaxManifest({ manifest }: StoredEnvelope, { strictness, artifact }: Judgement): Laxity | undefined {
  if (strictness !== 'strict' || manifest === undefined || artifact === undefined) return undefined;
  return findManifestLaxity(manifest, artifact);
}

/** What the signature demands of a plugin that had nothing to do, and so was not run. */
function findUnprocessed(
  envelope: VerifiedEnvelope,
  plugin: SignaturePlugin | undefined,
  level: VerificationLevel,
): Laxity | undefined {
  if (plugin === undefined || askedOf(plugin.capabilities, level).length > 0) return undefined;
  return findCriticalAttribute(envelope, Object.values(pluginAttributes));
}

function isFatal({ action, error }: ValidationResult): boolean {
  return action === 'enforce' && error !== undefined;
}

/** Facts are gathered only for validations that are reached, and judged by pure rules. */
async function* validate(
  envelope: VerifiedEnvelope,
  judgement: Judgement,
  plugin: SignaturePlugin | undefined,
): AsyncGenerator<ValidationResult> {
  const { statement, now, ports } = judgement;
  const { actions } = statement.level;
  const trusted = await loadStores(statement, envelope.signedAttributes.signingScheme, ports.trustStore);
  yield validateAuthenticity(envelope, statement, trusted, takesOver(plugin, capabilities.trustedIdentity));
  yield validateExpiry(envelope, actions.expiry, now);
  yield await verifyTimestamp(envelope, statement, now, ports);
  if (actions.revocation === 'skip') {
    yield { type: 'revocation', action: 'skip' };
  } else if (!takesOver(plugin, capabilities.revocationCheck)) {
    const facts = await checkRevocation(envelope, ports);
    yield validateRevocation(envelope.certificateChain, facts, actions.revocation);
  }
}

/** Loads stores in the statement's order; the first that fails counts for all, even if another holds what is needed. */
async function loadStores(
  statement: TrustPolicyStatement,
  scheme: SigningScheme,
  trustStore: TrustStore,
): Promise<TrustedCertificates> {
  const loaded: LoadedStore[] = [];
  for (const store of storesFor(statement, scheme)) {
    try {
      loaded.push({ store, certificates: await trustStore.load(store.type, store.name) });
    } catch (thrown) {
      if (!(thrown instanceof NotaryError)) throw thrown;
      return { error: thrown.message, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) };
    }
  }
  return loaded;
}

async function checkRevocation(envelope: VerifiedEnvelope, ports: Judgement['ports']): Promise<RevocationFacts> {
  const { certificateChain, signedAttributes } = envelope;
  const time =
    signedAttributes.signingScheme === 'notary.x509' ? undefined : signedAttributes.authenticSigningTime.date;
  try {
    return await ports.revocation.check(certificateChain, 'codeSigning', time);
  } catch (thrown) {
    if (thrown instanceof NotaryError) return { error: thrown.message };
    throw thrown;
  }
}

/** What an envelope says that failed integrity: a reader wants to know whose broken signature it is. */
function summaryOfRejected(envelope: SignatureEnvelope | undefined): SignatureSummary | undefined {
  if (envelope === undefined) return undefined;
  try {
    return summarizeSignature(readContent(envelope));
  } catch (thrown) {
    if (thrown instanceof NotaryError) return undefined;
    throw thrown;
  }
}
