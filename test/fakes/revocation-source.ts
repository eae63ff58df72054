// SPDX-License-Identifier: Apache-2.0
import { HttpFailure } from '../../shared/adapters/http-failure.ts';
import type { HttpClient } from '../../shared/adapters/http.ts';
import { createRevocationSource } from '../../shared/adapters/revocation-http.ts';
import type { RevocationSource } from '../../shared/ports.ts';

/** A network without servers. */
export const noNetwork: HttpClient = {
  exchange: ({ method, url }) => Promise.reject(new HttpFailure('refused', method, url)),
  close: () => Promise.resolve(),
};

/** Checks revocation where no OCSP responder and no CRL can be reached. */
export const unreachableServers: RevocationSource = createRevocationSource({
  http: noNetwork,
  clock: { now: () => new Date() },
  log: { debug: () => undefined, info: () => undefined, warning: () => undefined },
});
