// SPDX-License-Identifier: Apache-2.0
import type { ArtifactTarget, Log } from '../../ports.ts';
import { createHttpClient, type HttpClient } from '../http.ts';
import { systemTiming, type Timing } from '../timing.ts';
import { Authorization } from './authorization.ts';
import { createBlobs } from './blobs.ts';
import { createCredentials } from './credentials.ts';
import { endpointOf } from './endpoint.ts';
import { createManifests } from './manifests.ts';
import type { SettleTime } from './referrers-index.ts';
import { Repository } from './repository.ts';
import { createTransport } from './transport.ts';

/** What a registry client needs to know. */
export interface RegistryClientOptions {
  /** Registries (host or host:port) spoken to over plain HTTP, beside `localhost:<port>` (REG 1.3). */
  readonly insecureRegistries: readonly string[];
  /** The process environment: credentials and proxies are looked for in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** `name/version`. */
  readonly userAgent: string;
  /** `push` asks for the right to write with the first token, so that one token serves a whole signing. */
  readonly access?: 'pull' | 'push';
  /** Called with every secret before its first use, so that the host masks it. */
  readonly mask?: (secret: string) => void;
  /** Hosts (with port) of token servers that get credentials although they are outside of their registry's domain. */
  readonly trustedRealmHosts?: readonly string[];
  /** Milliseconds to watch a referrers tag after writing it, instead of the registry's own; 0 for those who sign alone. */
  readonly referrersSettle?: number;
  readonly timing?: Timing;
}

/** Repositories of any registry; connections, credentials and tokens are shared among them. */
export interface RegistryClient {
  repository(registry: string, repository: string): ArtifactTarget;
  /** Closes the connections; idle ones do not keep the process alive anyway. */
  close(): Promise<void>;
}

/** A client for OCI registries (distribution-spec 1.1). The same repository asked for twice is the same object. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const http = createHttpClient(options);
  const timing = options.timing ?? systemTiming;
  const mask = options.mask ?? (() => undefined);
  const credentials = createCredentials({ environment: options.environment, log: options.log, mask });
  const open = new Map<string, ArtifactTarget>();
  return {
    repository: (registry, repository) => {
      const name = `${registry}/${repository}`;
      const known =
        open.get(name) ?? openRepository({ ...options, timing, mask }, http, credentials, registry, repository);
      open.set(name, known);
      return known;
    },
    close: () => http.close(),
  };
}

function openRepository(
  options: RegistryClientOptions & { readonly timing: Timing; readonly mask: (secret: string) => void },
  http: HttpClient,
  credentials: ReturnType<typeof createCredentials>,
  registry: string,
  repository: string,
): ArtifactTarget {
  const { log, timing, mask, trustedRealmHosts = [] } = options;
  const endpoint = endpointOf(registry, options.insecureRegistries);
  const shared = { http, timing, log, endpoint, registry, repository };
  const authorization = new Authorization({ ...shared, mask, credentials, trustedRealmHosts });
  const transport = createTransport({ ...shared, authorization });
  const reading = options.access === 'push' ? 'pull,push' : 'pull';
  return new Repository({
    transport,
    manifests: createManifests(transport, reading),
    blobs: createBlobs(transport, timing, reading),
    timing,
    log,
    reading,
    settle: settleTime(registry, endpoint, options.referrersSettle),
  });
}

/**
 * How long an index is watched: REG 4.5's 900 ms, growing with the measured speed of the registry. For a registry on this
 * machine every writer is as near as we are, so that less will do while nobody else is noticed. GHCR answers with old
 * content for seconds after a write (REG 4.4).
 */
function settleTime(registry: string, endpoint: URL, chosen: number | undefined): SettleTime {
  if (chosen !== undefined) return { quiet: chosen, contended: chosen };
  if (registry === 'ghcr.io') return { quiet: 10_000, contended: 10_000 };
  return { quiet: endpoint.hostname === 'localhost' ? 300 : 900, contended: 900 };
}
