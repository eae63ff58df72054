// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { Clock, Log, RevocationSource } from '../ports.ts';
import { hexOfBytes } from '../primitives/bytes.ts';
import { quote } from '../primitives/quote.ts';
import { checkCertificate, type RevocationServers } from '../revocation/certificate-revocation.ts';
import type { CrlBundle } from '../revocation/crl.ts';
import type { OcspHttpRequest } from '../revocation/ocsp-request.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import type { Certificate, CertificateChain } from '../x509/certificate.ts';
import { validateCodeSigningChain } from '../x509/chain.ts';
import { validateTimestampingChain } from '../x509/timestamping-chain.ts';
import { BoundedMemory } from './bounded-memory.ts';
import type { HttpClient } from './http.ts';
import type { CrlCache } from './revocation-cache.ts';
import { askResponder, downloadCrl } from './revocation-transport.ts';
import { shareInFlight } from './share-in-flight.ts';

export interface RevocationSourceOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Without one, CRLs are kept in memory only. */
  readonly cache?: CrlCache;
  /** Only responders that the specification allows may answer for an issuer; default: whatever the reference takes. */
  readonly strictResponders?: boolean;
}

/** Bytes of CRLs that one run keeps in memory, so that not every signature parses them again. */
const maxCrlMemory = 64 * 1024 * 1024;
/** Bytes of OCSP answers that one run keeps: some hundred certificates. */
const maxAnswerMemory = 1024 * 1024;

/**
 * Asks responders and reads CRLs over HTTP. Answers of responders are kept for this run only, because the reference asks each
 * time; CRLs until their nextUpdate, as the reference does.
 */
export function createRevocationSource(options: RevocationSourceOptions): RevocationSource {
  const servers = openServers(options);
  const { strictResponders = false } = options;
  return {
    check: async (chain, purpose, authenticSigningTime) => {
      validateChain(chain, purpose);
      const now = options.clock.now();
      const statuses = await Promise.all(
        chain.map(async (certificate, position) => {
          const issuer = chain[position + 1];
          if (issuer === undefined) return ofRoot(certificate);
          const question = { certificate, issuer, now, authenticSigningTime, strictResponders };
          return checkCertificate(question, servers);
        }),
      );
      for (const status of statuses) tell(status, options.log);
      return statuses;
    },
  };
}

function validateChain(chain: CertificateChain, purpose: 'codeSigning' | 'timestamping'): void {
  try {
    if (purpose === 'codeSigning') validateCodeSigningChain(chain);
    else validateTimestampingChain(chain);
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    const text = `invalid chain: expected chain to be correct and complete: ${error.message}`;
    throw new NotaryError(error.code, text, { cause: error });
  }
}

/** Nobody stands above the root who could revoke it. */
function ofRoot({ subject }: Certificate): CertificateRevocation {
  return { subject, status: 'not-revokable', reason: 'the root of the chain', checks: [] };
}

function tell({ subject, checks = [] }: CertificateRevocation, log: Log): void {
  for (const { method, server, result, error, cached } of checks) {
    const kept = cached === true ? ' (kept)' : '';
    const why = error === undefined ? '' : `: ${error}`;
    log.debug(`${method.toUpperCase()} ${server}${kept} for ${quote(subject)}: ${result}${why}`);
  }
}

function openServers({ http, cache }: RevocationSourceOptions): RevocationServers {
  const answers = new BoundedMemory<Uint8Array>(maxAnswerMemory);
  const crls = new BoundedMemory<CrlBundle>(maxCrlMemory);
  const asking = new Map<string, Promise<Uint8Array>>();
  const downloading = new Map<string, Promise<CrlBundle>>();
  return {
    askResponder: (request) => shareInFlight(asking, keyOf(request), () => askResponder(http, request)),
    keptAnswer: (request) => answers.get(keyOf(request)),
    keepAnswer: (request, body) => {
      answers.set(keyOf(request), body, body.length);
    },
    downloadCrl: (address) => shareInFlight(downloading, address, () => downloadCrl(http, address)),
    keptCrl: async (address) => crls.get(address) ?? cache?.read(address),
    keepCrl: async (address, bundle) => {
      // a second one that waited for the same download has nothing to add
      if (crls.get(address) === bundle) return;
      crls.set(address, bundle, bundle.base.der.length + (bundle.delta?.der.length ?? 0));
      await cache?.write(address, bundle);
    },
  };
}

function keyOf({ url, body }: OcspHttpRequest): string {
  return body === undefined ? url.href : `${url.href} ${hexOfBytes(body)}`;
}
