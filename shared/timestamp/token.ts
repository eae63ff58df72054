// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { Instant } from '../primitives/instant.ts';
import type { Certificate, CertificateChain } from '../x509/certificate.ts';
import { buildPaths } from '../x509/path.ts';
import {
  hasCriticalExtendedKeyUsage,
  hasOnlyTimeStampingUsage,
  timeStampingUsage,
} from '../x509/timestamping-chain.ts';
import { parseSignedData, type SignedData } from './signed-data.ts';
import type { SignerInfo } from './signer-info.ts';
import { verifySigner } from './signer.ts';
import { findSigningCertificate } from './signing-certificate.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';

/** CMS SignedData over a TSTInfo (RFC 3161, 2.4.2). Nothing in it has been verified. */
export type TimestampToken = SignedData;

const tstInfoType = '1.2.840.113549.1.9.16.1.4';

/** Parses a TimeStampToken (reference section 9.4). Throws `timestamp-invalid`. */
export function parseToken(encoded: Uint8Array): TimestampToken {
  const data = parseSignedData(encoded);
  if (data.contentType === tstInfoType) return data;
  throw invalidTimestamp(`unexpected content type: ${data.contentType}. Expected to be id-ct-TSTInfo (${tstInfoType})`);
}

/** Whom to trust, and when. */
export interface TokenTrust {
  readonly roots: readonly Certificate[];
  /** When the certificates of the authority must be valid. */
  readonly at: Instant;
}

/**
 * Verifies who signed a token (reference section 9.4), and returns the chain of the authority, leaf first; `validateTimestampingChain`
 * is still to be asked. Of several signers the first that passes counts. Throws `timestamp-invalid`, for the last one.
 */
export function verifyToken(token: TimestampToken, trust: TokenTrust): CertificateChain {
  let failure: NotaryError = invalidTimestamp('signerInfo not found');
  for (const signerInfo of token.signerInfos) {
    try {
      return verifySignerInfo(signerInfo, token, trust);
    } catch (error) {
      if (!(error instanceof NotaryError)) throw error;
      failure = error;
    }
  }
  return timestampStep('failed to verify signed token: ', () => {
    throw failure;
  });
}

function verifySignerInfo(signerInfo: SignerInfo, token: TimestampToken, { roots, at }: TokenTrust): CertificateChain {
  const certificate = findSigningCertificate(signerInfo, token);
  const chain = timestampStep('cms verification failure: ', () => {
    if (signerInfo.version !== 1n) {
      throw invalidTimestamp(`invalid signer info version: only version 1 is supported; got ${signerInfo.version}`);
    }
    const paths = buildPaths(certificate, { roots, intermediates: token.certificates, usage: timeStampingUsage, at });
    return verifySigner(signerInfo, token, certificate, paths);
  });
  if (!hasOnlyTimeStampingUsage(certificate)) {
    throw invalidTimestamp('signing certificate must have and only have ExtKeyUsageTimeStamping as extended key usage');
  }
  if (hasCriticalExtendedKeyUsage(certificate)) return chain;
  throw invalidTimestamp('signing certificate extended key usage extension must be set as critical');
}

/** Whether a token carries the certificate of at least one of its signers. */
export function hasSigningCertificate(token: TimestampToken): boolean {
  return token.signerInfos.some((signerInfo) => {
    try {
      findSigningCertificate(signerInfo, token);
      return true;
    } catch (error) {
      if (error instanceof NotaryError) return false;
      throw error;
    }
  });
}
