// SPDX-License-Identifier: Apache-2.0
import { quote } from '../primitives/quote.ts';
import type { CertificateRevocation } from './status.ts';

/** In a few words what was asked for certificates of which none is revoked or unknown, and which could not be checked. */
export function describeRevocation(statuses: readonly CertificateRevocation[]): string {
  const checked = statuses.filter(({ status }) => status === 'good');
  if (checked.length === 0) return 'no certificate names an OCSP responder or a CRL';
  const asked = checked.flatMap(({ subject, checks = [] }) => {
    const good = checks.filter(({ result }) => result === 'good');
    const sources = good.map(
      ({ method, server, cached }) => `${method.toUpperCase()} ${server}${cached ? ', kept' : ''}`,
    );
    const failed = checks.some(({ method, result }) => method === 'ocsp' && result === 'unknown');
    const fallback = failed && good.every(({ method }) => method === 'crl') ? ', because OCSP could not tell' : '';
    return sources.length === 0 ? [] : [`${quote(subject)} by ${sources.join(' and ')}${fallback}`];
  });
  // the last is the root, which nobody could revoke
  const unchecked = statuses.slice(0, -1).filter(({ status }) => status === 'not-revokable');
  const left = unchecked.map(({ subject }) => `${quote(subject)} names neither an OCSP responder nor a CRL`);
  const details = [...asked, ...left].join('; ');
  return `certificates checked: ${checked.length}${details === '' ? '' : ` (${details})`}`;
}
