// SPDX-License-Identifier: Apache-2.0
import { formatRfc3339 } from '../primitives/go-time.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateSummary, SignatureSummary, TimestampSummary } from './outcome.ts';

const day = 24 * 60 * 60 * 1000;

/** A certificate that verification rests on. */
export interface Supporting {
  /** `signing certificate`, `certificate of trust store ca:acme`, ... */
  readonly role: string;
  readonly subject: string;
  readonly notAfter: Date;
}

/** The certificates of a signature's own chain. */
export function supportingChain({ certificates }: SignatureSummary): Supporting[] {
  return chainWithRoles(certificates, ['signing certificate', 'CA certificate']);
}

/** The certificates of a timestamp authority. */
export function supportingTimestamp({ certificates }: TimestampSummary): Supporting[] {
  return chainWithRoles(certificates, ['timestamp authority certificate', 'CA certificate of the timestamp authority']);
}

function chainWithRoles(certificates: readonly CertificateSummary[], [leaf, others]: [string, string]): Supporting[] {
  return certificates.map(({ subject, notAfter }, index) => ({
    role: index === 0 ? leaf : others,
    subject,
    notAfter: new Date(notAfter),
  }));
}

/** The certificates of a trust store. */
export function supportingStore(store: string, certificates: readonly Certificate[]): Supporting[] {
  return certificates.map(({ subject, notAfter }) => ({
    role: `certificate of trust store ${store}`,
    subject,
    notAfter,
  }));
}

/** Certificates told one by one; a trust store may hold a thousand. */
const maxTold = 20;

/** What ends within some days, or has ended; one sentence each, every certificate once. Nothing when the days are 0. */
export function expiringSoon(supporting: readonly Supporting[], now: Date, days: number): string[] {
  const told = new Set<string>();
  const sentences = supporting.flatMap(({ role, subject, notAfter }) => {
    const key = `${subject} ${notAfter.getTime()}`;
    if (!endsWithin(notAfter, now, days) || told.has(key)) return [];
    told.add(key);
    const verb = notAfter < now ? 'expired' : 'expires';
    return [`the ${role} ${quote(subject)} ${verb} at ${formatRfc3339(notAfter)}`];
  });
  const left = sentences.length - maxTold;
  if (left <= 0) return sentences;
  return [...sentences.slice(0, maxTold), `${left} more certificates expire soon or have expired`];
}

/** Whether a time comes within some days, or has come; never when the days are 0. */
export function endsWithin(time: Date, now: Date, days: number): boolean {
  return days > 0 && time.getTime() <= now.getTime() + days * day;
}

/** When and why a signature stops verifying. */
export interface SignatureEnd {
  readonly at: Date;
  readonly sentence: string;
}

/**
 * The end of a signature whose time nobody vouches for: it can be verified only while the certificates of its chain are valid.
 * A timestamp counts only where the trust policy statement lists stores of type `tsa`. Undefined for one that outlives them.
 */
export function endWithoutTimestamp(
  { timestamped, certificates, signingScheme }: SignatureSummary,
  timestampsCount: boolean,
): SignatureEnd | undefined {
  if (signingScheme === 'notary.x509.signingAuthority' || (timestamped && timestampsCount)) return undefined;
  const [first] = certificates.map(({ notAfter }) => notAfter).sort();
  if (first === undefined) return undefined;
  const why = timestamped
    ? 'the timestamp of the signature does not count, because the trust policy statement lists no tsa store'
    : 'the signature has no timestamp';
  const sentence = `${why}: it can be verified until ${first}, when a certificate of its chain expires`;
  return { at: new Date(first), sentence };
}
