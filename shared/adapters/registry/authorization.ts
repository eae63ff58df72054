// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { HttpClient, HttpResponse } from '../http.ts';
import type { Timing } from '../timing.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { basicPair, type Credential, type CredentialLookup } from './credential.ts';
import type { Credentials } from './credentials.ts';
import { deniedHint, type Operation } from './failure.ts';
import { judgeRealm } from './realm.ts';
import { cleanText } from './server-text.ts';
import { fetchToken, type Token } from './token.ts';

/** What a request wants to do in its repository. */
export type Actions = 'pull' | 'pull,push';

export interface AuthorizationOptions {
  readonly http: HttpClient;
  readonly timing: Timing;
  readonly log: Log;
  readonly mask: (secret: string) => void;
  readonly credentials: Credentials;
  readonly trustedRealmHosts: readonly string[];
  readonly endpoint: URL;
  readonly registry: string;
  readonly repository: string;
  /** Another repository of the registry that blobs are taken over from: tokens then allow to read it, too. */
  readonly alsoReads?: string;
}

interface CachedToken {
  readonly challenge: Challenge;
  readonly header: string;
  /** On the clock of `Timing`. */
  readonly expires: number;
}

/** Milliseconds before its expiry from which a token is not used any more: it must survive the request. */
const expiryMargin = 30_000;

/**
 * The authorization of requests to one repository. Tokens are never shared between repositories; credentials are looked
 * for only when the registry asks for them (REG 3).
 */
export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #tokens = new Map<Actions, Promise<CachedToken>>();
  #basic: string | undefined;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** The header for a request, as far as it is known without asking anyone but the token server that gave the last one. */
  async current(operation: Operation, actions: Actions): Promise<string | undefined> {
    if (this.#basic !== undefined) return this.#basic;
    const cached = this.#tokens.get(actions) ?? this.#tokens.get('pull,push');
    if (cached === undefined) return undefined;
    const token = await cached;
    if (token.expires > this.#options.timing.now()) return token.header;
    return await this.#renewToken(operation, actions, token.challenge, token.header);
  }

  /** The header with which a request that was answered 401 may be sent again. Throws `registry-unauthorized` or `registry-denied`. */
  async renew(
    operation: Operation,
    actions: Actions,
    response: HttpResponse,
    used: string | undefined,
  ): Promise<string> {
    const challenges = parseChallenges(response.headers['www-authenticate']);
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
    if (bearer !== undefined) {
      if (used !== undefined && isInsufficient(bearer)) throw await this.refused(operation, response);
      return await this.#renewToken(operation, actions, bearer, used);
    }
    if (challenges.some(({ scheme }) => scheme === 'basic')) return await this.#renewBasic(operation, used);
    const schemes = challenges.map(({ scheme }) => cleanText(scheme)).join(', ');
    throw new NotaryError(
      'registry-unauthorized',
      `${operation.text}: ${operation.registry} asks for ${schemes === '' ? 'a login without saying how' : `a login by ${schemes}`}`,
      { hint: 'Basic and Bearer are understood. Check that the host of the reference is a registry.' },
    );
  }

  /** The error for a request that was refused although it carried what we have. */
  async refused(operation: Operation, response: HttpResponse): Promise<NotaryError> {
    const { registry, credentials } = { registry: this.#options.registry, credentials: this.#options.credentials };
    const lookup = await credentials.find(registry);
    if (lookup.credential === undefined) return missing(operation, lookup);
    if (parseChallenges(response.headers['www-authenticate']).some(isInsufficient)) {
      return new NotaryError(
        'registry-denied',
        `${operation.text}: no permission for ${operation.repository} in ${registry}`,
        {
          hint: deniedHint(registry, operation.repository),
        },
      );
    }
    return wrong(operation, lookup);
  }

  async #renewBasic(operation: Operation, used: string | undefined): Promise<string> {
    const { credentials, registry, endpoint, log } = this.#options;
    const lookup = await credentials.find(registry);
    if (lookup.credential?.kind !== 'basic') throw missing(operation, lookup);
    const header = `Basic ${basicPair(lookup.credential.username, lookup.credential.password.reveal())}`;
    if (used === header) throw wrong(operation, lookup);
    if (endpoint.protocol === 'http:' && endpoint.hostname !== 'localhost') {
      log.warning(`Credentials for ${registry} travel over plain HTTP.`);
    }
    this.#basic = header;
    return header;
  }

  /** A new token instead of the one used; requests that failed with the same token share one renewal. */
  async #renewToken(
    operation: Operation,
    actions: Actions,
    challenge: Challenge,
    used: string | undefined,
  ): Promise<string> {
    const known = this.#tokens.get(actions);
    const fresh = known === undefined ? undefined : await known.catch(() => undefined);
    if (fresh !== undefined && fresh.header !== used) return fresh.header;
    let renewal = this.#tokens.get(actions);
    if (renewal === undefined || renewal === known) {
      renewal = this.#obtain(operation, actions, challenge);
      this.#tokens.set(actions, renewal);
      renewal.catch(() => this.#tokens.delete(actions));
    }
    return (await renewal).header;
  }

  async #obtain(operation: Operation, actions: Actions, challenge: Challenge): Promise<CachedToken> {
    const { credentials, registry, timing, mask } = this.#options;
    const lookup = await credentials.find(registry);
    if (lookup.credential?.kind === 'access') {
      return { challenge, header: `Bearer ${lookup.credential.token.reveal()}`, expires: Number.POSITIVE_INFINITY };
    }
    const token = await this.#fetch(operation, actions, challenge, lookup);
    mask(token.value);
    const life = Math.max(token.expiresIn * 1000 - expiryMargin, token.expiresIn * 500);
    return { challenge, header: `Bearer ${token.value}`, expires: timing.now() + life };
  }

  async #fetch(operation: Operation, actions: Actions, challenge: Challenge, lookup: CredentialLookup): Promise<Token> {
    const { http, timing, repository, alsoReads } = this.#options;
    const { realm, credential } = await this.#judge(operation, challenge, lookup);
    const service = challenge.parameters.get('service');
    const asked = scopesOf(challenge.parameters.get('scope'));
    const other = alsoReads === undefined ? [] : [`repository:${alsoReads}:pull`];
    const wanted = mergeScopes([`repository:${repository}:${actions}`, ...other, ...asked]);
    const request = { realm, service, credential, scopes: wanted };
    let token = await fetchToken(http, timing, operation, request);
    // Some servers refuse a request for more than the account has instead of giving less (REG 3.5).
    if (token === 'refused' && asked.length > 0 && wanted.join(' ') !== asked.join(' ')) {
      token = await fetchToken(http, timing, operation, { ...request, scopes: asked });
    }
    if (token !== 'refused') return token;
    if (credential !== undefined) throw wrong(operation, lookup);
    throw lookup.credential === undefined ? missing(operation, lookup) : distrusted(operation, realm);
  }

  async #judge(
    operation: Operation,
    challenge: Challenge,
    { credential }: CredentialLookup,
  ): Promise<{ realm: URL; credential: Credential | undefined }> {
    const text = challenge.parameters.get('realm') ?? '';
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    const { endpoint, trustedRealmHosts, log, registry } = this.#options;
    const trust = realm === undefined ? 'nothing' : await judgeRealm(realm, endpoint, trustedRealmHosts);
    if (realm === undefined || trust === 'nothing') throw distrusted(operation, realm ?? text);
    if (trust === 'anonymous' && credential !== undefined) {
      log.warning(`${registry} names ${realm.host} as its token server: the credentials are not sent there.`);
    }
    return { realm, credential: trust === 'credentials' ? credential : undefined };
  }
}

function isInsufficient({ parameters }: Challenge): boolean {
  return parameters.get('error') === 'insufficient_scope';
}

/** Scopes of a challenge; more than a registry can mean are cut. */
function scopesOf(text: string | undefined): readonly string[] {
  const scopes = (text ?? '').split(' ').filter((scope) => scope !== '');
  return mergeScopes(scopes.slice(0, 16));
}

/** Scopes with the actions of each resource sorted and joined, `*` swallowing the rest (oras-go `scope.go`). */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const resources = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':');
    const resource = colon === -1 ? scope : scope.slice(0, colon);
    const actions = resources.get(resource) ?? new Set();
    if (colon !== -1) for (const action of scope.slice(colon + 1).split(',')) actions.add(action);
    resources.set(resource, actions);
  }
  return [...resources]
    .map(([resource, actions]) => {
      const list = actions.has('*') ? ['*'] : [...actions].filter((action) => action !== '').sort();
      return list.length === 0 ? resource : `${resource}:${list.join(',')}`;
    })
    .sort();
}

function missing(operation: Operation, lookup: CredentialLookup): NotaryError {
  const { registry, text } = operation;
  const found =
    lookup.credential === undefined
      ? 'no credentials were found'
      : 'only a token was found, not user name and password';
  return new NotaryError('registry-unauthorized', `${text}: ${registry} asks for a login and ${found}`, {
    hint: `${remedy(registry, lookup)} Looked at: ${lookup.lookedAt.join(', ')}.`,
  });
}

function remedy(registry: string, { loggedOut }: CredentialLookup): string {
  if (loggedOut !== true) {
    return `Log in to ${registry} in a step before this one (docker login), or give {input:registryUsername} and {input:registryPassword}.`;
  }
  return [
    'DOCKER_CONFIG is empty: a Docker@2 step with containerRegistry has logged out again when it ended.',
    `Add a Docker@2 step with command: login to ${registry} before the one that pushes, which then stays logged in,`,
    'or give {input:registryUsername} and {input:registryPassword}.',
  ].join(' ');
}

function wrong({ registry, text }: Operation, { source }: CredentialLookup): NotaryError {
  return new NotaryError(
    'registry-unauthorized',
    `${text}: ${registry} refused the credentials from ${source ?? 'nowhere'}`,
    {
      hint: `Check that user name and password for ${registry} are right and not expired, and log in again before this step.`,
    },
  );
}

function distrusted({ registry, text }: Operation, realm: URL | string): NotaryError {
  const shown = typeof realm === 'string' ? JSON.stringify(cleanText(realm)) : realm.host;
  return new NotaryError(
    'registry-unauthorized',
    `${text}: ${registry} names ${shown} as its token server, which gets no credentials`,
    {
      hint: 'A token server must be reached by HTTPS and belong to the domain of its registry.',
    },
  );
}
