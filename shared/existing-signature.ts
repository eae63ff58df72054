// SPDX-License-Identifier: Apache-2.0
import { type StoredEnvelope, fetchEnvelope, listSignatures } from './artifact.ts';
import type { VerifiedEnvelope } from './envelope/content.ts';
import { type ErrorCode, NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { thumbprintAnnotation } from './oci/signature-manifest.ts';
import type { ArtifactSource, Blob, BlobSignature, Log, SignPorts } from './ports.ts';
import type { MadeEnvelope } from './sign-envelope.ts';
import { timesIn } from './signing.ts';
import { type SignatureWish, compareSignature } from './validation/same-signature.ts';
import { thumbprint } from './x509/thumbprint.ts';

/** A stored signature that makes a new one superfluous. */
export interface ExistingSignature<T> {
  readonly stored: T;
  readonly envelope: VerifiedEnvelope;
}

/** Signatures that are fetched: whoever can push referrers must not keep a signing busy. As when verifying. */
const maxFetched = 100;

/** Failures that say that a stored signature is no signature; all others leave it unknown. */
const defects: ReadonlySet<ErrorCode> = new Set([
  'signature-retrieval',
  'malformed',
  'digest-mismatch',
  'artifact-not-found',
]);

/**
 * Looks for a signature of an artifact that is as the one wanted. Throws what the source throws: an artifact of which it is
 * not known is never taken for unsigned.
 */
export async function findExistingSignature(
  source: ArtifactSource,
  artifact: Descriptor,
  wish: SignatureWish,
  log: Log,
): Promise<ExistingSignature<Descriptor> | undefined> {
  const leaf = thumbprint(wish.certificateChain[0]);
  let fetched = 0;
  try {
    for await (const stored of listSignatures(source, artifact)) {
      if (namesOtherCertificate(stored, leaf)) continue;
      if (++fetched > maxFetched) throw tooMany();
      const envelope = await fetchSound(source, stored, log);
      if (envelope === undefined) continue;
      const found = compareSignature(envelope, wish);
      if ('envelope' in found) return { stored, envelope: found.envelope };
      log.debug(`signature ${stored.digest} of ${artifact.digest} does not suffice: ${found.difference}`);
    }
  } catch (thrown) {
    throw unknown(thrown);
  }
  return undefined;
}

/** The listing's own words cost nothing to lie about, but a lie only makes one more signature. */
function namesOtherCertificate({ annotations }: Descriptor, leaf: string): boolean {
  const named = annotations?.[thumbprintAnnotation];
  return named !== undefined && !named.includes(leaf);
}

async function fetchSound(source: ArtifactSource, stored: Descriptor, log: Log): Promise<StoredEnvelope | undefined> {
  try {
    return await fetchEnvelope(source, stored);
  } catch (thrown) {
    if (!(thrown instanceof NotaryError) || !defects.has(thrown.code)) throw thrown;
    log.debug(`signature ${stored.digest} does not count: ${thrown.message}`);
    return undefined;
  }
}

function tooMany(): NotaryError {
  return new NotaryError('registry-limit', `there are more than ${maxFetched} signatures to look at`, {
    hint: 'Remove signatures that are no longer needed from the artifact.',
  });
}

function unknown(thrown: unknown): unknown {
  if (!(thrown instanceof NotaryError)) return thrown;
  const text = `it is not known whether the artifact is signed already: ${thrown.message}`;
  const hint = [thrown.hint, 'Without {input:onExisting}: skip, nothing is looked for.'].filter(Boolean).join('\n');
  return new NotaryError(thrown.code, text, { hint, cause: thrown });
}

/** Looks for a signature file that is as the one wanted. Throws `signature-retrieval`. */
export async function findExistingFile(
  blob: Blob,
  wish: SignatureWish,
  log: Log,
): Promise<ExistingSignature<BlobSignature> | undefined> {
  for (const stored of await blob.readSignatures()) {
    const found = compareSignature(stored, wish);
    if ('envelope' in found) return { stored, envelope: found.envelope };
    log.debug(`signature file ${stored.file} does not suffice: ${found.difference}`);
  }
  return undefined;
}

type Asked = Pick<SignatureWish, 'mediaType' | 'descriptor' | 'now'> & { readonly expirySeconds: number };

/**
 * What a signer will make. Undefined unless the signer says beforehand which certificates it uses: then the signature must be
 * made before it can be compared.
 */
export function wishBefore(asked: Asked, ports: Pick<SignPorts, 'signer' | 'timestamper'>): SignatureWish | undefined {
  const { signer, timestamper } = ports;
  if (signer.kind !== 'raw') return undefined;
  const { expirySeconds, ...rest } = asked;
  return {
    ...rest,
    certificateChain: signer.certificateChain,
    signingScheme: 'notary.x509',
    extended: [],
    lifetimeSeconds: expirySeconds,
    timestampRoots: timestamper && (timestamper.roots ?? []),
  };
}

/** What a signer has made: a stored signature like it is as good. */
export function wishAfter(
  asked: Asked,
  { verified }: MadeEnvelope,
  { timestamper }: Pick<SignPorts, 'timestamper'>,
): SignatureWish {
  const { certificateChain, signedAttributes, unsignedAttributes } = verified;
  const { signingTime, expiry } = timesIn(verified);
  const { mediaType, descriptor, now } = asked;
  return {
    ...{ mediaType, descriptor, now, certificateChain },
    signingScheme: signedAttributes.signingScheme,
    extended: signedAttributes.extended,
    lifetimeSeconds: expiry === undefined ? 0 : Math.round((expiry.getTime() - signingTime.getTime()) / 1000),
    timestampRoots:
      unsignedAttributes.timestampSignature === undefined ? undefined : timestamper && (timestamper.roots ?? []),
  };
}
