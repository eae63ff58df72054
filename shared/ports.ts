// SPDX-License-Identifier: Apache-2.0
import type { EnvelopeFormat } from './envelope/content.ts';
import type { Descriptor } from './oci/descriptor.ts';
import type { PluginMetadata } from './plugin/metadata.ts';
import type { PluginName } from './plugin/name.ts';
import type { PluginVerdict, VerificationQuestion } from './plugin/verify-protocol.ts';
import type { Digest, DigestAlgorithm } from './primitives/digest.ts';
import type { CertificateRevocation } from './revocation/status.ts';
import type { TrustStoreType } from './trust/named-store.ts';
import type { Certificate, CertificateChain, KeySpec } from './x509/certificate.ts';

export type { CertificateRevocation, TrustStoreType };

/** Reads artifacts of one repository or of one OCI image layout. Everything returned has been checked. */
export interface ArtifactSource {
  /**
   * The descriptor of a manifest by tag or digest. Errors: `artifact-not-found`, `registry-unauthorized`,
   * `registry-denied`, `registry-unreachable`, `registry-response`.
   */
  resolve(tagOrDigest: string): Promise<Descriptor>;
  /** Exactly the bytes that the descriptor names; throws `digest-mismatch` or `registry-limit` otherwise. */
  fetchManifest(descriptor: Descriptor): Promise<Uint8Array>;
  fetchBlob(descriptor: Descriptor): Promise<Uint8Array>;
  /**
   * Descriptors of the referrers of a subject with an artifact type, in the registry's order. An empty listing means
   * that there are none; whenever that is not known it throws.
   */
  listReferrers(subject: Descriptor, artifactType: string): AsyncIterable<Descriptor>;
}

/** Where and how a referrer is made known. */
export type ReferrersMode =
  /** The tag schema is always maintained, whatever the registry supports (Notation 1.x's default). */
  | 'tag-schema'
  /** The Referrers API where the registry supports it, else the tag schema. */
  | 'api-first';

/** A source that can also be written. */
export interface ArtifactTarget extends ArtifactSource {
  /** Uploads a blob unless it is there. */
  pushBlob(mediaType: string, bytes: Uint8Array): Promise<Descriptor>;
  /**
   * Puts a manifest by its digest and makes it discoverable as a referrer of its subject. `artifactType` is the one that a
   * listing gives: the manifest's own, or its config media type (NP 11.2, REG 4.3).
   */
  pushReferrer(manifest: ReferrerManifest, mode: ReferrersMode): Promise<PushedReferrer>;
}

export interface ReferrerManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject: Descriptor;
  /** The digest to store it by, where that is not its SHA-256. */
  readonly digest?: Digest;
}

export interface PushedReferrer {
  readonly descriptor: Descriptor;
  /** How the referrer became discoverable. */
  readonly via: 'referrers-api' | 'tag-schema' | 'both' | 'layout-index';
  /** Things that did not stop the work but should be told. */
  readonly warnings: readonly string[];
}

/** A file to sign or to verify, and the signature files that belong to it. */
export interface Blob {
  /** As the user named it. */
  readonly name: string;
  /** Of the content, which is read for every call. Throws `input-invalid` when it cannot be. */
  describe(algorithm: DigestAlgorithm): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** Names of the signature files that are looked for. */
  readonly signatureFiles: readonly string[];
  /** The signature files that there are, in that order. Throws `signature-retrieval` for one that cannot be read. */
  readSignatures(): Promise<readonly BlobSignature[]>;
  /** Writes a signature file, at once, in place of one that is there. Throws `push-failed`. */
  writeSignature(format: EnvelopeFormat, envelope: Uint8Array): Promise<WrittenSignature>;
}

/** A signature file. */
export interface BlobSignature {
  readonly file: string;
  /** Of the envelope, as the name says. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface WrittenSignature {
  readonly file: string;
  /** Whether there was one before. */
  readonly replaced: boolean;
}

/** A key that signs bytes; the envelope is ours. */
export interface RawSigner {
  readonly kind: 'raw';
  /** For the log: what key this is, without secrets. */
  readonly description: string;
  /** Appended to the signing agent, `name/version`, when a plugin signs (NP 4.3). */
  readonly agent?: string;
  readonly keySpec: KeySpec;
  /** Leaf first, complete to the root. */
  readonly certificateChain: CertificateChain;
  /** RSASSA-PSS (salt = hash length) or ECDSA r‖s over the bytes, hash by the key spec. */
  sign(toBeSigned: Uint8Array): Promise<Uint8Array>;
}

/**
 * A key whose certificate chain is known only with each signature (plugin capability SIGNATURE_GENERATOR.RAW, Azure Artifact
 * Signing); the envelope is ours.
 */
export interface ChainingSigner {
  readonly kind: 'chaining';
  readonly description: string;
  /** Appended to the signing agent, `name/version`, when a plugin signs (NP 4.3). */
  readonly agent?: string;
  readonly keySpec: KeySpec;
  /** As of `RawSigner`, with the chain that belongs to the signature. */
  sign(toBeSigned: Uint8Array): Promise<ChainedSignature>;
}

export interface ChainedSignature {
  readonly signature: Uint8Array;
  /** Leaf first, complete to the root; not judged yet. */
  readonly certificateChain: CertificateChain;
}

/** A signer that returns a whole envelope (plugin capability SIGNATURE_GENERATOR.ENVELOPE). */
export interface EnvelopeSigner {
  readonly kind: 'envelope';
  readonly description: string;
  sign(request: EnvelopeSignRequest): Promise<EnvelopeSignResult>;
}

export interface EnvelopeSignRequest {
  readonly payload: Uint8Array;
  readonly payloadMediaType: string;
  readonly envelopeMediaType: string;
  readonly expirySeconds: number | undefined;
}

export interface EnvelopeSignResult {
  readonly envelope: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Signer = RawSigner | ChainingSigner | EnvelopeSigner;

/** Gets RFC 3161 countersignatures. */
export interface Timestamper {
  /** What the authority's chain must end in: with them a timestamp made before can be checked. */
  readonly roots?: readonly Certificate[];
  /** The DER of a TimeStampToken over the signature bytes of an envelope, checked as NP 9.2 says. */
  timestamp(signature: Uint8Array, hash: 'sha256' | 'sha384' | 'sha512'): Promise<Uint8Array>;
}

/** Trusted certificates by named store (NP 6.2). */
export interface TrustStore {
  /** Throws `trust-store` or `certificate-file`; never returns an empty list. */
  load(type: TrustStoreType, name: string): Promise<readonly Certificate[]>;
}

/** Asks OCSP responders and reads CRLs. */
export interface RevocationSource {
  /** One result per certificate, in the chain's order. Never throws for an unreachable server: that is `unknown`. */
  check(
    chain: CertificateChain,
    purpose: 'codeSigning' | 'timestamping',
    authenticSigningTime: Date | undefined,
  ): Promise<readonly CertificateRevocation[]>;
}

/** Finds verification plugins. */
export interface VerificationPlugins {
  /** Throws `plugin-unavailable` when there is no such plugin or it may not be run. */
  locate(name: PluginName): Promise<VerificationPlugin>;
}

/** An installed verification plugin. */
export interface VerificationPlugin {
  /** `get-plugin-metadata`. Throws `plugin-failed`, as all commands do that fail or break the contract. */
  metadata(): Promise<PluginMetadata>;
  /** `verify-signature` of specs/plugin-extensibility.md. */
  verifySignature(question: VerificationQuestion): Promise<PluginVerdict>;
}

export interface Clock {
  now(): Date;
}

/** The pipeline's log. Texts may contain anything: the host makes them safe. */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
}

/** What a signing needs from outside. */
export interface SignPorts {
  readonly target: ArtifactTarget;
  readonly signer: Signer;
  readonly timestamper: Timestamper | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a verification needs from outside. */
export interface VerifyPorts {
  readonly source: ArtifactSource;
  readonly trustStore: TrustStore;
  readonly revocation: RevocationSource;
  readonly plugins: VerificationPlugins;
  readonly clock: Clock;
  readonly log: Log;
}

/** A signature that was pushed. */
export interface SignatureRecord {
  /** `registry/repository@digest` of the artifact, `oci-layout:<path>@digest`, or the path of a file. */
  readonly reference: string;
  readonly artifact: Descriptor;
  /** The signature manifest, or the signature file. */
  readonly signature: { readonly digest: Digest; readonly size: number };
  readonly envelopeMediaType: string;
  readonly signingTime: string;
  readonly expiry?: string;
  readonly timestamped: boolean;
  readonly signer: string;
  /** How it can be found; `existing` where it was there already. */
  readonly via: PushedReferrer['via'] | 'file' | 'existing';
  /** Set when this signature was there already, and none was made. */
  readonly skipped?: true;
  /** The signature file of a blob. */
  readonly file?: string;
  readonly warnings: readonly string[];
}

export interface DetectOptions {
  /** `auto`, `off`, or channel names; '' means `auto`. */
  readonly detect: string;
  /** Globs over `registry/repository`; empty means all. */
  readonly include: readonly string[];
}

/** Something this job says it has pushed. */
export interface DetectedArtifact {
  /** `registry/repository@digest`, normalised. */
  readonly reference: string;
  readonly tags: readonly string[];
  /** The channel: `artifacts-list`, `step-outputs`, `resource-uris`, ... */
  readonly source: string;
  /** Why it counts as pushed by this job. */
  readonly evidence: readonly string[];
  /** Other channels that name the same artifact. */
  readonly confirmedBy?: readonly string[];
  /** Media type of the manifest, once the registry has been asked. */
  readonly mediaType?: string;
}

/** Something that was seen and left out. */
export interface RejectedCandidate {
  readonly what: string;
  readonly source: string;
  readonly reason: string;
  /** Set when the job probably meant to publish it, so that leaving it out deserves a warning. */
  readonly warn?: true;
}

export interface Detection {
  readonly artifacts: readonly DetectedArtifact[];
  readonly rejected: readonly RejectedCandidate[];
  /** Every channel with a word or two on what it gave: `empty`, `off`, `not readable`, `2 found`. */
  readonly channels: readonly { readonly name: string; readonly state: string }[];
  /** Set when candidates contradict each other: nothing may be signed. */
  readonly ambiguity?: string;
  /** The lines to add to the workflow when nothing was found. */
  readonly fix: string;
}
