// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';

/** A key that can sign (signature-specification "Algorithm selection"). */
export type KeySpec = 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'EC-256' | 'EC-384' | 'EC-521';

/** An extension as it stands in a certificate. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** An X.509 certificate that Go's parser would accept (RFC 5280; reference section 5.6). */
export interface Certificate {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  readonly serialNumber: bigint;
  readonly rawSubject: Uint8Array;
  readonly rawIssuer: Uint8Array;
  /** Go's `pkix.Name.String()`: used in messages and, for the leaf, in identity matching (7.7). */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Undefined for a key type that is not RSA or a named NIST curve, which Go parses as unknown. */
  readonly publicKey: KeyObject | undefined;
  /** Undefined when the key cannot sign for Notary Project (5.1). */
  readonly keySpec: KeySpec | undefined;
  /** Why `keySpec` is undefined, in the reference's words. */
  readonly keySpecError: string | undefined;
  readonly signatureAlgorithm: string;
  readonly tbsCertificate: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  /** Names of the bits set, in RFC 5280 order; undefined without the extension. */
  readonly keyUsage: readonly KeyUsageBit[] | undefined;
  /** Dotted OIDs in order; undefined without the extension. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** URIs with id-ad-ocsp in the authority information access extension, in order. */
  readonly ocspServers: readonly string[];
  /** URIs of the CRL distribution points, in order. */
  readonly crlDistributionPoints: readonly string[];
}

export type KeyUsageBit =
  | 'digitalSignature'
  | 'contentCommitment'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

/** Leaf first, never empty. */
export type CertificateChain = readonly [Certificate, ...Certificate[]];
