// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import { artifactTypeOf, parseManifest } from './oci/manifest.ts';
import type { IndexEntry, Manifest } from './oci/manifest.ts';
import { parseReference } from './oci/reference.ts';
import { signatureArtifactType } from './oci/signature-manifest.ts';
import type { ArtifactSource, DetectedArtifact, Detection, RejectedCandidate } from './ports.ts';

/** Candidates that are asked for at a time. */
const maxConcurrent = 8;

/** A candidate as the registry has it. */
interface Confirmed {
  readonly artifact: DetectedArtifact;
  /** `registry/repository`. */
  readonly name: string;
  readonly digest: string;
  readonly manifest: Manifest;
}

/**
 * Confirms in the registry what a job says it has pushed, by digest, and leaves out what is never signed on its own: parts
 * of an index that is there too, attestations, and whatever is attached to another artifact (GH 2.10). Throws
 * `artifact-not-found` for a candidate that the registry does not have, and what the registry client throws.
 */
export async function corroborate(
  detection: Detection,
  sourceFor: (registry: string, repository: string) => ArtifactSource,
): Promise<Detection> {
  const confirmed: Confirmed[] = [];
  for (let start = 0; start < detection.artifacts.length; start += maxConcurrent) {
    const group = detection.artifacts.slice(start, start + maxConcurrent);
    confirmed.push(...(await Promise.all(group.map((artifact) => confirm(artifact, sourceFor)))));
  }
  const parts = partsOf(confirmed);
  const rejected: RejectedCandidate[] = [];
  const artifacts: DetectedArtifact[] = [];
  for (const candidate of confirmed) {
    const reason = reasonAgainst(candidate, parts.get(`${candidate.name}@${candidate.digest}`));
    if (reason === undefined) artifacts.push(candidate.artifact);
    else rejected.push({ what: candidate.artifact.reference, source: candidate.artifact.source, reason });
  }
  return { ...detection, artifacts, rejected: [...detection.rejected, ...rejected] };
}

async function confirm(
  artifact: DetectedArtifact,
  sourceFor: (registry: string, repository: string) => ArtifactSource,
): Promise<Confirmed> {
  const { registry, repository, digest } = parseReference(artifact.reference);
  if (digest === undefined) throw new Error('detection names artifacts by digest');
  const source = sourceFor(registry, repository);
  try {
    const descriptor = await source.resolve(digest);
    const manifest = parseManifest(await source.fetchManifest(descriptor), descriptor.mediaType);
    const evidence = [...artifact.evidence, 'registry'];
    const found = { ...artifact, evidence, mediaType: descriptor.mediaType };
    return { artifact: found, name: `${registry}/${repository}`, digest, manifest };
  } catch (cause) {
    if (!(cause instanceof NotaryError) || cause.code !== 'artifact-not-found') throw cause;
    throw new NotaryError('artifact-not-found', missing(artifact), {
      hint: 'Check that the step really pushes to this registry: the digest of a local image is not that of the pushed one. To sign something else, name it in {input:artifacts}.',
      cause,
    });
  }
}

function missing({ reference, source, evidence }: DetectedArtifact): string {
  return `the registry does not have ${reference}, which ${source} says this job has pushed (${evidence.join(', ')})`;
}

/** Entries of every index among the candidates, by `registry/repository@digest`. */
function partsOf(confirmed: readonly Confirmed[]): ReadonlyMap<string, IndexEntry> {
  const parts = new Map<string, IndexEntry>();
  for (const { name, manifest } of confirmed) {
    if (manifest.kind === 'index') for (const entry of manifest.manifests) parts.set(`${name}@${entry.digest}`, entry);
  }
  return parts;
}

function reasonAgainst({ manifest }: Confirmed, entry: IndexEntry | undefined): string | undefined {
  if (isAttestation(manifest) || entry?.attestation === true || entry?.platform === 'unknown/unknown') {
    return 'an attestation manifest, which is never signed on its own';
  }
  if (manifest.subject !== undefined) {
    return `attached to ${manifest.subject.digest} (a signature, an SBOM or the like), not an artifact of its own`;
  }
  if (artifactTypeOf(manifest) === signatureArtifactType) return 'a signature';
  return entry === undefined ? undefined : 'part of an index that is signed as a whole';
}

/** BuildKit's attestation manifests: newer ones have a type, older ones nothing but in-toto statements. */
function isAttestation(manifest: Manifest): boolean {
  if (artifactTypeOf(manifest) === 'application/vnd.docker.attestation.manifest.v1+json') return true;
  if (manifest.kind !== 'image' || manifest.layers.length === 0) return false;
  return manifest.layers.every(({ mediaType }) => mediaType === 'application/vnd.in-toto+json');
}
