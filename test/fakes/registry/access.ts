// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { failure, json, type Answer, type Exchange } from './exchange.ts';
import type { RegistryAction, RegistryAuth, RegistryUser } from './options.ts';

type BearerAuth = RegistryAuth & { kind: 'bearer' };

interface Grant {
  readonly scopes: readonly string[];
  expired: boolean;
}

const everything: readonly RegistryAction[] = ['pull', 'push', 'delete'];

/** Decides who may do what, and gives tokens. */
export class AccessControl {
  readonly #grants = new Map<string, Grant>();

  /** Makes every token given so far invalid. */
  expireTokens(): void {
    for (const grant of this.#grants.values()) grant.expired = true;
  }

  /** A refusal, or undefined when the request may go on. */
  check(exchange: Exchange, repository: string | undefined): Answer | undefined {
    const { auth } = exchange.options;
    if (auth.kind === 'none') return undefined;
    const needed = neededActions(exchange.method);
    if (auth.kind === 'basic') return checkBasic(exchange, auth.users, needed);
    return repository === undefined ? undefined : this.#checkBearer(exchange, auth, repository, needed);
  }

  #checkBearer(
    exchange: Exchange,
    auth: BearerAuth,
    repository: string,
    needed: readonly RegistryAction[],
  ): Answer | undefined {
    const token = /^Bearer (.+)$/.exec(exchange.headers.authorization ?? '')?.[1];
    const grant = token === undefined ? undefined : this.#grants.get(token);
    const allowed = needed.every((action) => grant?.scopes.includes(`${repository}:${action}`));
    if (grant !== undefined && !grant.expired && allowed) return undefined;
    const error =
      token === undefined
        ? ''
        : grant === undefined || grant.expired
          ? ',error="invalid_token"'
          : ',error="insufficient_scope"';
    const realm = auth.realm ?? `${exchange.url.origin}/token`;
    const scope = `repository:${repository}:${needed.join(',')}`;
    const challenge = `Bearer realm="${realm}",service="${auth.service ?? 'embedded'}",scope="${scope}"${error}`;
    return failure(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
  }

  /** `/token`: GET with Basic (distribution) or POST with a refresh token (OAuth2). */
  token(exchange: Exchange): Answer {
    const { auth } = exchange.options;
    if (auth.kind !== 'bearer') return failure(404, 'UNSUPPORTED', 'no token server');
    if (exchange.method === 'POST' && auth.noPost === true) return failure(405, 'UNSUPPORTED', 'method not allowed');
    const form = exchange.method === 'POST' ? new URLSearchParams(exchange.body.toString()) : exchange.url.searchParams;
    const user = userOf(exchange, auth, form);
    if (user === 'refused') return json(401, { errors: [{ code: 'UNAUTHORIZED', message: 'wrong credentials' }] });
    const asked = form
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .flatMap(parseScope);
    const actions = user === undefined ? (auth.anonymous ?? []) : (user.actions ?? everything);
    const given = asked.filter(({ action }) => actions.includes(action));
    if (auth.strictScopes === true && given.length < asked.length) {
      return json(403, { errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] });
    }
    const token = randomBytes(24).toString('base64url');
    this.#grants.set(token, {
      scopes: given.map(({ repository, action }) => `${repository}:${action}`),
      expired: false,
    });
    const members = auth.members ?? ['token', 'access_token'];
    const expiry = auth.expiresIn === undefined ? {} : { expires_in: auth.expiresIn };
    return json(200, { ...Object.fromEntries(members.map((name) => [name, token])), ...expiry });
  }
}

function neededActions(method: string): readonly RegistryAction[] {
  if (method === 'GET' || method === 'HEAD') return ['pull'];
  return method === 'DELETE' ? ['delete'] : ['pull', 'push'];
}

function basicUser(authorization: string | undefined, users: readonly RegistryUser[]): RegistryUser | undefined {
  const pair = /^Basic (.+)$/.exec(authorization ?? '')?.[1];
  if (pair === undefined) return undefined;
  const decoded = Buffer.from(pair, 'base64').toString('utf8');
  return users.find(({ name, password }) => decoded === `${name}:${password}`);
}

function checkBasic(
  { headers }: Exchange,
  users: readonly RegistryUser[],
  needed: readonly RegistryAction[],
): Answer | undefined {
  const user = basicUser(headers.authorization, users);
  if (user === undefined) {
    return failure(401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': 'Basic realm="embedded registry"',
    });
  }
  const allowed = needed.every((action) => (user.actions ?? everything).includes(action));
  return allowed ? undefined : failure(403, 'DENIED', 'requested access to the resource is denied');
}

/** Nobody (undefined), a user, or a refusal of wrong credentials. */
function userOf(
  { method, headers }: Exchange,
  auth: BearerAuth,
  form: URLSearchParams,
): RegistryUser | 'refused' | undefined {
  if (method === 'POST') {
    const token = form.get('refresh_token');
    const complete = form.get('grant_type') === 'refresh_token' && form.has('client_id') && token !== null;
    return (complete ? auth.users.find(({ identityToken }) => identityToken === token) : undefined) ?? 'refused';
  }
  if (headers.authorization === undefined) return undefined;
  const byPassword = basicUser(headers.authorization, auth.users);
  const byToken = basicUser(
    headers.authorization,
    auth.users.map((user) => ({
      ...user,
      name: '00000000-0000-0000-0000-000000000000',
      password: user.identityToken ?? '',
    })),
  );
  return byPassword ?? byToken ?? 'refused';
}

function parseScope(text: string): { repository: string; action: RegistryAction }[] {
  const [type, repository = '', actions = ''] = text.split(':');
  if (type !== 'repository') return [];
  return actions.split(',').map((action) => ({ repository, action: action as RegistryAction }));
}
