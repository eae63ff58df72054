// SPDX-License-Identifier: Apache-2.0
import type { EnvelopeContent } from '../envelope/content.ts';
import { parsePayload } from '../envelope/payload.ts';
import { NotaryError } from '../errors.ts';
import { formatRfc3339 } from '../primitives/go-time.ts';
import type { Certificate } from '../x509/certificate.ts';
import { thumbprint } from '../x509/thumbprint.ts';
import type { CertificateSummary, SignatureSummary } from './outcome.ts';

/** What a signature says of itself; times in UTC, RFC 3339. */
export function summarizeSignature(content: EnvelopeContent): SignatureSummary {
  const { signedAttributes: signed, unsignedAttributes: unsigned } = content;
  const time = signed.signingScheme === 'notary.x509' ? signed.signingTime : signed.authenticSigningTime;
  return {
    envelopeMediaType: content.mediaType,
    signingScheme: signed.signingScheme,
    algorithm: content.algorithm.plugin.signingAlgorithm,
    signingTime: formatRfc3339(time.date),
    ...(signed.expiry === undefined ? {} : { expiry: formatRfc3339(signed.expiry.date) }),
    ...(unsigned.signingAgent === undefined ? {} : { signingAgent: unsigned.signingAgent }),
    timestamped: unsigned.timestampSignature !== undefined,
    userMetadata: userMetadataOf(content),
    certificates: content.certificateChain.map(summarizeCertificate),
  };
}

/** What a report says of a certificate; times in UTC, RFC 3339. */
export function summarizeCertificate(certificate: Certificate): CertificateSummary {
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    notBefore: formatRfc3339(certificate.notBefore),
    notAfter: formatRfc3339(certificate.notAfter),
    thumbprint: thumbprint(certificate),
  };
}

/** The payload's annotations; none when the payload cannot be read, which validation reports in its own words. */
function userMetadataOf(content: EnvelopeContent): Readonly<Record<string, string>> {
  const metadata = Object.create(null) as Record<string, string>;
  try {
    for (const [key, value] of parsePayload(content.payload.content).targetArtifact.annotations) metadata[key] = value;
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
  }
  return metadata;
}
