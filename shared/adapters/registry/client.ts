// SPDX-License-Identifier: Apache-2.0
import type { CopyTarget } from '../../copy-ports.ts';
import type { Log } from '../../ports.ts';
import { createHttpClient, type HttpClient } from '../http.ts';
import { Slots } from '../slots.ts';
import { boundedTiming, systemTiming, type Timing } from '../timing.ts';
import { Authorization, type Actions } from './authorization.ts';
import { createBlobs } from './blobs.ts';
import { createCredentials, type GivenCredentials } from './credentials.ts';
import { endpointOf } from './endpoint.ts';
import { createManifests } from './manifests.ts';
import { exchangeEntraToken, isAzureRegistry, type EntraIdentity } from './entra-login.ts';
import type { SettleTime } from './referrers-index.ts';
import { openReferrersMemory } from './referrers-memory.ts';
import { Repository } from './repository.ts';
import { Throttle } from './throttle.ts';
import { createTransport, type Transport } from './transport.ts';

/** What is done with a repository. */
export type Access = 'pull' | 'push';

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
  readonly access?: Access;
  /** Called with every secret before its first use, so that the host masks it. */
  readonly mask?: (secret: string) => void;
  readonly given?: GivenCredentials | undefined;
  /** The job's identity in Microsoft Entra ID, for Azure Container Registry when nothing else is found. */
  readonly entra?: EntraIdentity | undefined;
  /** Hosts (with port) of token servers that get credentials although they are outside of their registry's domain. */
  readonly trustedRealmHosts?: readonly string[];
  /** Milliseconds to watch a referrers tag after writing it, instead of the registry's own; 0 for those who sign alone. */
  readonly referrersSettle?: number | undefined;
  /** A folder that lives as long as the job: steps tell each other in it what they have listed (REG 4.5). */
  readonly jobDirectory?: string;
  readonly timing?: Timing;
  /** Aborted when the run is cancelled: whatever is under way then ends with the error `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for everything that this client does; beyond them nothing is repeated or waited for. */
  readonly totalTime?: number;
}

/**
 * Milliseconds of a run: a hundred images with a registry that throttles take some minutes, and a job that is stuck
 * for longer than this should be looked at by a person.
 */
const defaultTotalTime = 30 * 60_000;

/** Blobs copied at a time: each takes a connection to its source and one to its target, of sixteen to a registry. */
const maxBlobCopies = 4;

/** Repositories of any registry; connections, credentials and tokens are shared among them. */
export interface RegistryClient {
  /** `access` instead of that of the client. */
  repository(registry: string, repository: string, access?: Access): CopyTarget;
  /** Closes the connections; idle ones do not keep the process alive anyway. */
  close(): Promise<void>;
}

/** A client for OCI registries (distribution-spec 1.1). The same repository asked for twice is the same object. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { signal, totalTime: total = defaultTotalTime } = options;
  const http = cancellable(createHttpClient(options), signal);
  const timing = boundedTiming(options.timing ?? systemTiming, { total, signal });
  const throttles = new Map<string, Throttle>();
  const mask = options.mask ?? (() => undefined);
  const { environment, log, given, entra } = options;
  const exchange =
    entra === undefined
      ? undefined
      : (registry: string) =>
          isAzureRegistry(registry)
            ? exchangeEntraToken(registry, entra, { http, timing, log })
            : Promise.resolve(undefined);
  const credentials = createCredentials({ environment, log, mask, given, exchange });
  const open = new Map<string, CopyTarget>();
  const copies = new Slots(maxBlobCopies);
  return {
    repository: (registry, repository, access = options.access ?? 'pull') => {
      const name = `${access} ${registry}/${repository}`;
      const known =
        open.get(name) ??
        openRepository(
          { ...options, access, timing, mask, throttles, copies },
          http,
          credentials,
          registry,
          repository,
        );
      open.set(name, known);
      return known;
    },
    close: () => http.close(),
  };
}

/** Every request ends with the run, unless it has a signal of its own. */
function cancellable(http: HttpClient, signal: AbortSignal | undefined): HttpClient {
  if (signal === undefined) return http;
  return { close: () => http.close(), exchange: (request) => http.exchange({ signal, ...request }) };
}

interface Shared {
  readonly timing: Timing;
  readonly mask: (secret: string) => void;
  /** By origin. */
  readonly throttles: Map<string, Throttle>;
  readonly copies: Slots;
}

function openRepository(
  options: RegistryClientOptions & Shared,
  http: HttpClient,
  credentials: ReturnType<typeof createCredentials>,
  registry: string,
  repository: string,
): CopyTarget {
  const { log, timing, mask, throttles, copies, jobDirectory, trustedRealmHosts = [] } = options;
  const endpoint = endpointOf(registry, options.insecureRegistries);
  const throttle = throttles.get(endpoint.origin) ?? new Throttle(timing);
  throttles.set(endpoint.origin, throttle);
  const shared = { http, timing, log, endpoint, registry, repository };
  const transportWith = (alsoReads?: string): Transport => {
    const more = alsoReads === undefined ? {} : { alsoReads };
    const authorization = new Authorization({ ...shared, ...more, mask, credentials, trustedRealmHosts });
    return createTransport({ ...shared, authorization, throttle });
  };
  const transport = transportWith();
  const mounting = new Map<string, Transport>();
  const transportFrom = (other: string): Transport => {
    const known = mounting.get(other) ?? transportWith(other);
    mounting.set(other, known);
    return known;
  };
  const reading: Actions = options.access === 'push' ? 'pull,push' : 'pull';
  return new Repository({
    transport,
    manifests: createManifests(transport, timing, reading),
    blobs: createBlobs(transport, timing, reading, { registry, repository, slots: copies, transportFrom }),
    timing,
    log,
    reading,
    settle: settleTime(registry, endpoint, options.referrersSettle),
    memoryOf:
      jobDirectory === undefined
        ? undefined
        : (subject) => openReferrersMemory(jobDirectory, { registry, repository, subject }, log),
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
