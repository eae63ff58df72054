// SPDX-License-Identifier: Apache-2.0

export type RegistryAction = 'pull' | 'push' | 'delete';

/** A user of the registry; without `actions` everything is allowed. */
export interface RegistryUser {
  readonly name: string;
  readonly password: string;
  /** An identity token that the token endpoint takes instead of the password. */
  readonly identityToken?: string;
  readonly actions?: readonly RegistryAction[];
}

export type RegistryAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly users: readonly RegistryUser[] }
  | {
      readonly kind: 'bearer';
      readonly users: readonly RegistryUser[];
      /** What a token without login allows. */
      readonly anonymous?: readonly RegistryAction[];
      /** Members of the token answer. */
      readonly members?: readonly ('token' | 'access_token')[];
      /** Seconds; left out of the answer when undefined. */
      readonly expiresIn?: number;
      /** Refuses a token request for more than the user has, instead of giving less. */
      readonly strictScopes?: boolean;
      /** Answers POST with 405, as registries without OAuth2 do. */
      readonly noPost?: boolean;
      /** Another realm than the registry's own `/token`. */
      readonly realm?: string;
      readonly service?: string;
    };

/** What a registry does to a request instead of, before or after answering it. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Milliseconds before the request is worked on, and after it before the answer. */
  | {
      readonly kind: 'delay';
      readonly before?: number | readonly [number, number];
      readonly after?: number | readonly [number, number];
    }
  /** Breaks the connection: before the request has an effect, or after it. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** Breaks the connection after half of the body. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'change'; readonly change: (body: Buffer) => Uint8Array }
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** One byte of the body after the other, with a pause. */
  | { readonly kind: 'drip'; readonly pause: number };

/** Which requests a fault strikes. All conditions must hold. */
export interface FaultRule {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: RegExp;
  /** How many matching requests are spared first. */
  readonly skip?: number;
  /** How many are struck; all when undefined. */
  readonly times?: number;
  /** From 0 to 1. */
  readonly probability?: number;
  readonly fault: Fault;
}

/** Switches of the embedded registry; tests may change them while it runs. The defaults make a conforming registry. */
export interface RegistryOptions {
  /** 0 takes a free port. */
  port: number;
  auth: RegistryAuth;
  faults: FaultRule[];
  /** Whether `/referrers/` is served. */
  referrersApi: boolean;
  /** Answer instead of the API's: what registries and proxies without it send. */
  referrersAnswer:
    | { readonly status: number; readonly contentType: string; readonly body: string; readonly location?: string }
    | undefined;
  /** Whether a push with a subject is answered with `OCI-Subject`; undefined: as `referrersApi`. */
  subjectHeader: boolean | undefined;
  /** Whether `?artifactType=` is obeyed. */
  filter: boolean;
  /** How an obeyed filter is told. */
  filterSignal: 'header' | 'annotation' | 'none';
  /** Whether listed descriptors have an artifact type. */
  listedTypes: boolean;
  /** Media type of a listing. */
  listingType: string;
  /** Entries of a page of referrers. */
  referrersPageSize: number;
  linkStyle: 'relative' | 'absolute';
  locationStyle: 'relative' | 'absolute';
  digestHeader: boolean;
  /** Whether a manifest may be pushed only when what it names is there. */
  validateChildren: boolean;
  immutableTags: RegExp | undefined;
  readOnly: boolean;
  deletes: boolean;
  /** What is made of `If-Match` and `If-None-Match` on a tag. */
  conditions: 'ignored' | 'honoured' | 'refused';
  /** Milliseconds for which reads of a tag still give what it held before. */
  staleTagReads: number;
  /** Chunked answers without `Content-Length`. */
  chunked: boolean;
  /** Texts of `Warning` headers on every answer. */
  warnings: readonly string[];
}

export const defaultOptions: Readonly<RegistryOptions> = {
  port: 0,
  auth: { kind: 'none' },
  faults: [],
  referrersApi: true,
  referrersAnswer: undefined,
  subjectHeader: undefined,
  filter: true,
  filterSignal: 'header',
  listedTypes: true,
  listingType: 'application/vnd.oci.image.index.v1+json',
  referrersPageSize: 1000,
  linkStyle: 'relative',
  locationStyle: 'relative',
  digestHeader: true,
  validateChildren: true,
  immutableTags: undefined,
  readOnly: false,
  deletes: true,
  conditions: 'ignored',
  staleTagReads: 0,
  chunked: false,
  warnings: [],
};
