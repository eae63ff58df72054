// SPDX-License-Identifier: Apache-2.0
import type { CertificateRevocation, RevocationCheck } from '../revocation/status.ts';

/** The status of a certificate, and why nothing was asked where nothing could be. */
export function statusText({ status, reason, checks = [] }: CertificateRevocation): string {
  if (status === 'not-revokable') return `nothing could be checked: ${reason ?? 'there is nobody to ask'}`;
  return checks.length > 0 || reason === undefined ? status : `${status}: ${reason}`;
}

/** Which server was asked and what came of it. */
export function checkText({ method, server, result, error, nextUpdate, cached }: RevocationCheck): string {
  const until = nextUpdate === undefined ? '' : `, valid until ${nextUpdate}`;
  const kept = cached === true ? ', kept from an earlier download' : '';
  const why = error === undefined ? '' : `: ${error}`;
  return `${method.toUpperCase()} ${server}: ${result}${until}${kept}${why}`;
}
