// SPDX-License-Identifier: Apache-2.0
import type { ArtifactTarget, Log } from '../../ports.ts';

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
}

/** Repositories of any registry; connections, credentials and tokens are shared among them. */
export interface RegistryClient {
  repository(registry: string, repository: string): ArtifactTarget;
  /** Closes the connections; idle ones do not keep the process alive anyway. */
  close(): Promise<void>;
}

/** A client for OCI registries (distribution-spec 1.1). */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  throw new Error(`not yet: ${options.userAgent}`);
}
