// SPDX-License-Identifier: Apache-2.0

/**
 * Every way in which this product gives up, as a closed set. A failed validation is not among them: that is a value
 * (`ValidationResult`), an error means that the work could not be done.
 */
export type ErrorCode =
  // what the pipeline's author wrote
  | 'input-missing'
  | 'input-invalid'
  | 'reference-invalid'
  | 'nothing-detected'
  | 'detection-ambiguous'
  | 'feature-unavailable'
  // files of the repository
  | 'trust-policy-missing'
  | 'trust-policy-invalid'
  | 'trust-policy-not-applicable'
  | 'trust-store'
  | 'certificate-file'
  // keys
  | 'key-unreadable'
  | 'key-mismatch'
  | 'key-unsupported'
  | 'sign-request-invalid'
  | 'signing-failed'
  | 'timestamp-failed'
  // signing in to Azure, its key vaults, and Azure Artifact Signing
  | 'azure-sign-in'
  | 'artifact-signing-denied'
  | 'artifact-signing-failed'
  | 'vault-denied'
  | 'vault-object-missing'
  | 'vault-failed'
  | 'plugin-unavailable'
  | 'plugin-failed'
  // bytes from outside
  | 'malformed'
  | 'certificate-invalid'
  | 'chain-invalid'
  | 'timestamp-invalid'
  | 'envelope-not-found'
  | 'envelope-unsupported'
  | 'envelope-invalid'
  | 'envelope-integrity'
  | 'algorithm-unsupported'
  // registry, layout and network
  | 'artifact-not-found'
  | 'signature-retrieval'
  | 'registry-unreachable'
  | 'registry-unauthorized'
  | 'registry-denied'
  | 'registry-response'
  | 'registry-limit'
  | 'digest-mismatch'
  | 'push-failed'
  | 'layout-unusable'
  | 'download-failed'
  | 'checksum-mismatch'
  /** The product stopped the step. */
  | 'cancelled'
  // results
  | 'verification-failed'
  | 'artifacts-failed'
  | 'internal';

/** A place in a file of the repository; without `file` the place in whatever was parsed. */
export interface SourceLocation {
  readonly file?: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** What an error may carry beside code and message. */
export interface NotaryErrorOptions {
  /** What the pipeline's author does next; names of inputs in it are written `{input:<InputName>}`. */
  readonly hint?: string;
  /** The underlying failure. */
  readonly cause?: unknown;
  /** What a host can point at. */
  readonly location?: SourceLocation | undefined;
}

/**
 * The only error type that leaves a module of `shared/`. Inputs are written `{input:<InputName>}` in message and hint
 * (for example `{input:trustPolicy}`): the host replaces them with the name that its users type.
 */
export class NotaryError extends Error {
  override readonly name = 'NotaryError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly location: SourceLocation | undefined;

  constructor(code: ErrorCode, message: string, options: NotaryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.location = options.location;
  }
}

/** The text of anything thrown, without a stack. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
