// SPDX-License-Identifier: Apache-2.0
import { formatRfc3339 } from '../primitives/go-time.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { SignatureSummary } from './outcome.ts';

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
  return certificates.map(({ subject, notAfter }, index) => ({
    role: index === 0 ? 'signing certificate' : 'CA certificate',
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

/** What ends within some days, or has ended; one sentence each, every certificate once. */
export function expiringSoon(supporting: readonly Supporting[], now: Date, days: number): string[] {
  const limit = now.getTime() + days * day;
  const told = new Set<string>();
  return supporting.flatMap(({ role, subject, notAfter }) => {
    const key = `${subject} ${notAfter.getTime()}`;
    if (notAfter.getTime() > limit || told.has(key)) return [];
    told.add(key);
    const verb = notAfter < now ? 'expired' : 'expires';
    return [`the ${role} ${quote(subject)} ${verb} at ${formatRfc3339(notAfter)}`];
  });
}

/** When a signature without timestamp stops verifying because a certificate of its chain ends; undefined with one. */
export function endWithoutTimestamp({ timestamped, certificates }: SignatureSummary): string | undefined {
  if (timestamped) return undefined;
  const [first] = certificates.map(({ notAfter }) => notAfter).sort();
  return first === undefined
    ? undefined
    : `the signature has no timestamp: it can be verified until ${first}, when a certificate of its chain expires`;
}
