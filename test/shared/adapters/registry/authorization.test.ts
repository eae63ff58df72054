// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest';
import { mergeScopes } from '../../../../shared/adapters/registry/authorization.ts';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { startRegistry, type EmbeddedRegistry, type LoggedRequest } from '../../../fakes/registry.ts';
import type { RegistryAuth, RegistryOptions } from '../../../fakes/registry/options.ts';
import { errorOf, prepareSignature, testClient, type TestClient } from '../../../support/registry-client.ts';
import type { RegistryClientOptions } from '../../../../shared/adapters/registry/client.ts';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of closing.splice(0).reverse()) await item.close();
});

const user = { name: 'alice', password: 'p:ä', identityToken: 'identity token+/=&' };

async function start(auth: RegistryAuth, options: Partial<RegistryOptions> = {}): Promise<EmbeddedRegistry> {
  const registry = await startRegistry({ auth, validateChildren: false, ...options });
  closing.push(registry);
  const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
  for (const name of ['team/app', 'team/other']) {
    const stored = registry.storage.repository(name);
    stored.manifests.set(digestOf(bytes), { mediaType: 'application/vnd.oci.image.index.v1+json', bytes });
    stored.setTag('v1', digestOf(bytes));
  }
  return registry;
}

function client(environment: Record<string, string> = {}, options: Partial<RegistryClientOptions> = {}): TestClient {
  const made = testClient({ environment, ...options });
  closing.push(made);
  return made;
}

/** A client that has a docker configuration entry for the registry. */
function loggedIn(
  registry: EmbeddedRegistry,
  entry: Record<string, string>,
  options: Partial<RegistryClientOptions> = {},
): TestClient {
  return client({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [registry.host]: entry } }) }, options);
}

const withPassword = { username: user.name, password: user.password };

function tokenRequests(registry: EmbeddedRegistry): LoggedRequest[] {
  return registry.requests.filter(({ path }) => path.startsWith('/token'));
}

function lines(registry: EmbeddedRegistry): string[] {
  return registry.requests.map(({ method, path, status }) => `${method} ${path.split('?')[0] ?? ''} ${status}`);
}

describe('Basic', () => {
  it('[REG-33] sends credentials after they were asked for, and from then on at once', async () => {
    const registry = await start({ kind: 'basic', users: [user] });
    const repository = loggedIn(registry, withPassword).repository(registry.host, 'team/app');
    await repository.resolve('v1');
    await repository.resolve('v1');
    expect(registry.requests.map(({ status }) => status)).toEqual([401, 200, 200]);
    const pair = Buffer.from('alice:p:ä').toString('base64');
    expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      `Basic ${pair}`,
      `Basic ${pair}`,
    ]);
  });

  it('[REG-33] tries wrong credentials once and names their source', async () => {
    const registry = await start({ kind: 'basic', users: [user] });
    const error = await errorOf(
      loggedIn(registry, { username: 'alice', password: 'wrong' }).repository(registry.host, 'team/app').resolve('v1'),
    );
    expect(error.code).toBe('registry-unauthorized');
    expect(error.message).toContain('refused the credentials from DOCKER_AUTH_CONFIG');
    expect(error.message + (error.hint ?? '')).not.toContain('wrong ');
    expect(registry.requests).toHaveLength(2);
  });

  it('[REG-33] says where it looked when there are none', async () => {
    const registry = await start({ kind: 'basic', users: [user] });
    const error = await errorOf(client({ HOME: '/nonexistent' }).repository(registry.host, 'team/app').resolve('v1'));
    expect(error.code).toBe('registry-unauthorized');
    expect(error.hint).toMatch(/Looked at: NOTATION_USERNAME and NOTATION_PASSWORD, .*config\.json\.$/);
    expect(registry.requests).toHaveLength(1);
  });

  it('tells a missing right from a missing login', async () => {
    const registry = await start({ kind: 'basic', users: [{ ...user, actions: ['pull'] }] });
    const repository = loggedIn(registry, withPassword).repository(registry.host, 'team/app');
    await repository.resolve('v1');
    expect((await errorOf(repository.pushBlob('x', Buffer.from('x')))).code).toBe('registry-denied');
  });
});

describe('Bearer', () => {
  it('[REG-32] pulls anonymously through a token server', async () => {
    const registry = await start({ kind: 'bearer', users: [], anonymous: ['pull'] });
    await client().repository(registry.host, 'team/app').resolve('v1');
    expect(lines(registry)).toEqual([
      'GET /v2/team/app/manifests/v1 401',
      'GET /token 200',
      'GET /v2/team/app/manifests/v1 200',
    ]);
    const [token] = tokenRequests(registry);
    expect(token?.path).toBe('/token?service=embedded&scope=repository%3Ateam%2Fapp%3Apull');
    expect(token?.headers['authorization']).toBeUndefined();
  });

  it.each([[['token']], [['access_token']], [['token', 'access_token']]] as const)(
    '[REG-34] takes the token from %j',
    async (members) => {
      const registry = await start({ kind: 'bearer', users: [user], members });
      await loggedIn(registry, withPassword).repository(registry.host, 'team/app').resolve('v1');
      const pair = Buffer.from('alice:p:ä').toString('base64');
      expect(tokenRequests(registry)[0]?.headers['authorization']).toBe(`Basic ${pair}`);
      expect(registry.requests[0]?.headers['authorization']).toBeUndefined();
      expect(registry.requests[2]?.headers['authorization']).toMatch(/^Bearer /);
    },
  );

  it('[REG-35] exchanges an identity token by POST, form-encoded', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    await loggedIn(registry, { identitytoken: user.identityToken }).repository(registry.host, 'team/app').resolve('v1');
    const [token] = tokenRequests(registry);
    expect(token?.method).toBe('POST');
    expect(token?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(token?.body.toString()))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: user.identityToken,
      client_id: 'notation',
      service: 'embedded',
      scope: 'repository:team/app:pull',
    });
    expect(token?.path).not.toContain('identity');
  });

  it('[REG-53] falls back to GET where there is no POST', async () => {
    const registry = await start({ kind: 'bearer', users: [user], noPost: true });
    await loggedIn(registry, { identitytoken: user.identityToken }).repository(registry.host, 'team/app').resolve('v1');
    expect(tokenRequests(registry).map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('[REG-53] takes a refresh token as the password of the null user', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const entry = { username: '00000000-0000-0000-0000-000000000000', password: user.identityToken };
    await loggedIn(registry, entry).repository(registry.host, 'team/app').resolve('v1');
    expect(tokenRequests(registry).map(({ method }) => method)).toEqual(['GET']);
  });

  it('[REG-36] uses an access token as it is', async () => {
    const registry = await start({ kind: 'bearer', users: [] });
    const error = await errorOf(
      loggedIn(registry, { registrytoken: 'ready' }).repository(registry.host, 'team/app').resolve('v1'),
    );
    expect(error.code).toBe('registry-unauthorized');
    expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, 'Bearer ready']);
  });

  it('[REG-37] takes a password without user name as identity token', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const made = client({ NOTATION_PASSWORD: user.identityToken });
    await made.repository(registry.host, 'team/app').resolve('v1');
    expect(tokenRequests(registry).map(({ method }) => method)).toEqual(['POST']);
  });

  it('[REG-38] asks for the right to push once, with the first token', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const repository = loggedIn(registry, withPassword, { access: 'push' }).repository(registry.host, 'team/app');
    await repository.resolve('v1');
    await repository.pushBlob('x', Buffer.from('x'));
    expect(tokenRequests(registry).map(({ path }) => path)).toEqual([
      '/token?service=embedded&scope=repository%3Ateam%2Fapp%3Apull%2Cpush',
    ]);
  });

  it('asks for less when a strict token server refuses more', async () => {
    const registry = await start({ kind: 'bearer', users: [{ ...user, actions: ['pull'] }], strictScopes: true });
    await loggedIn(registry, withPassword, { access: 'push' }).repository(registry.host, 'team/app').resolve('v1');
    expect(tokenRequests(registry).map(({ status }) => status)).toEqual([403, 200]);
  });

  it('[REG-39] [REG-40] caches tokens per repository and shares none between two', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const made = loggedIn(registry, withPassword);
    await Promise.all([1, 2, 3].map(() => made.repository(registry.host, 'team/app').resolve('v1')));
    expect(tokenRequests(registry)).toHaveLength(1);
    await made.repository(registry.host, 'team/app').resolve('v1');
    expect(tokenRequests(registry)).toHaveLength(1);
    await made.repository(registry.host, 'team/other').resolve('v1');
    expect(tokenRequests(registry)).toHaveLength(2);
    const bearers = (name: string) =>
      registry.requests
        .filter(({ path }) => path.includes(name))
        .flatMap(({ headers }) => headers['authorization'] ?? []);
    expect(new Set(bearers('team/app')).size).toBe(1);
    expect(bearers('team/other')).not.toContain(bearers('team/app')[0]);
  });

  it.each([
    ['POST', /uploads/],
    ['PUT', /uploads/],
    ['PUT', /manifests/],
    ['GET', /referrers/],
  ])('[REG-41] renews a token that expires before %s %s', async (method, path) => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const repository = loggedIn(registry, withPassword, { access: 'push' }).repository(registry.host, 'team/app');
    const subject = await repository.resolve('v1');
    registry.options.faults = [
      {
        method,
        path,
        times: 1,
        fault: { kind: 'status', status: 401, headers: { 'www-authenticate': challengeOf(registry) } },
      },
    ];
    const pushed = await repository.pushReferrer(await prepareSignature(repository, subject, 'envelope'), 'api-first');
    expect(pushed.via).toBe('referrers-api');
    expect(tokenRequests(registry)).toHaveLength(2);
  });

  it('[REG-41] renews a token once only', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const repository = loggedIn(registry, withPassword).repository(registry.host, 'team/app');
    await repository.resolve('v1');
    const refusal = { 'www-authenticate': challengeOf(registry) };
    registry.options.faults = [{ path: /manifests/, fault: { kind: 'status', status: 401, headers: refusal } }];
    expect((await errorOf(repository.resolve('v1'))).code).toBe('registry-unauthorized');
    expect(tokenRequests(registry)).toHaveLength(2);
  });

  it('gets a new token before an old one expires', async () => {
    const registry = await start({ kind: 'bearer', users: [user], expiresIn: 100 });
    const made = loggedIn(registry, withPassword);
    const repository = made.repository(registry.host, 'team/app');
    await repository.resolve('v1');
    await made.timing.sleep(60_000);
    await repository.resolve('v1');
    expect(tokenRequests(registry)).toHaveLength(1);
    await made.timing.sleep(11_000);
    await repository.resolve('v1');
    expect(tokenRequests(registry)).toHaveLength(2);
    expect(registry.requests.filter(({ status }) => status === 401)).toHaveLength(1);
  });

  it('[REG-42] makes insufficient_scope a missing permission', async () => {
    const registry = await start({ kind: 'bearer', users: [{ ...user, actions: ['pull'] }] });
    const error = await errorOf(
      loggedIn(registry, withPassword).repository(registry.host, 'team/app').pushBlob('x', Buffer.from('x')),
    );
    expect(error.code).toBe('registry-denied');
    expect(error.message).toContain(`no permission for team/app in ${registry.host}`);
    const anonymous = await start({ kind: 'bearer', users: [], anonymous: ['pull'] });
    const nobody = await errorOf(client().repository(anonymous.host, 'team/app').pushBlob('x', Buffer.from('x')));
    expect(nobody.message).toContain('asks for a login and no credentials were found');
  });

  it('says that the token server refused the credentials', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const error = await errorOf(
      loggedIn(registry, { username: 'alice', password: 'old' }).repository(registry.host, 'team/app').resolve('v1'),
    );
    expect(error).toMatchObject({ code: 'registry-unauthorized' });
    expect(error.message).toContain('refused the credentials from DOCKER_AUTH_CONFIG');
  });

  it.each([
    'http://169.254.169.254/token',
    'http://10.0.0.1/token',
    'http://[fd00:ec2::254]/token',
    'file:///etc/passwd',
    'nonsense',
    '',
  ])('[SEC-23] [REG-43] does not go to the realm %j', async (realm) => {
    const registry = await start({ kind: 'bearer', users: [user], realm });
    const made = loggedIn(registry, withPassword);
    const error = await errorOf(made.repository(registry.host, 'team/app').resolve('v1'));
    expect(error.code).toBe('registry-unauthorized');
    expect(error.message).toContain('as its token server, which gets no credentials');
    expect(registry.requests.map(({ path, headers }) => [path, headers['authorization']])).toEqual([
      ['/v2/team/app/manifests/v1', undefined],
    ]);
  });

  it('takes a token server on another port of this machine', async () => {
    const tokens = await start({ kind: 'bearer', users: [user] });
    const registry = await start({ kind: 'bearer', users: [], realm: `http://${tokens.host}/token` });
    const error = await errorOf(loggedIn(registry, withPassword).repository(registry.host, 'team/app').resolve('v1'));
    expect(tokenRequests(tokens)[0]?.headers['authorization']).toMatch(/^Basic /);
    // The registry does not know tokens of another one.
    expect(error.code).toBe('registry-unauthorized');
  });

  it.each(['{"token":""}', '{"token":"a\\nb"}', '{}', '[]', 'html', `{"token":"${'x'.repeat(140_000)}"}`])(
    '[REG-77] refuses the token answer %.30s',
    async (body) => {
      const registry = await start({ kind: 'bearer', users: [user] });
      registry.options.faults = [{ path: /^\/token/, fault: { kind: 'change', change: () => Buffer.from(body) } }];
      const error = await errorOf(loggedIn(registry, withPassword).repository(registry.host, 'team/app').resolve('v1'));
      expect(error.code).toMatch(/^registry-(?:response|limit)$/);
    },
  );

  it('does not follow a redirect of the token server', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const headers = { location: `http://${registry.host}/token2` };
    registry.options.faults = [{ path: /^\/token\?/, fault: { kind: 'status', status: 307, headers } }];
    expect(
      (await errorOf(loggedIn(registry, withPassword).repository(registry.host, 'team/app').resolve('v1'))).code,
    ).toBe('registry-response');
    expect(registry.lines().some((line) => line.includes('token2'))).toBe(false);
  });

  it('[REG-54] [SEC-36] masks passwords and tokens, and logs none of them', async () => {
    const registry = await start({ kind: 'bearer', users: [user] });
    const made = loggedIn(registry, withPassword);
    await made.repository(registry.host, 'team/app').resolve('v1');
    const bearer = String(registry.requests.at(-1)?.headers['authorization']).slice('Bearer '.length);
    expect(made.masked).toEqual([user.password, Buffer.from('alice:p:ä').toString('base64'), bearer]);
    for (const secret of made.masked) expect([...made.debug, ...made.warnings].join('\n')).not.toContain(secret);
  });
});

function challengeOf(registry: EmbeddedRegistry): string {
  return `Bearer realm="http://${registry.host}/token",service="embedded",error="invalid_token"`;
}

describe('challenges', () => {
  it('refuses a scheme that it does not know, by name', async () => {
    const registry = await start({ kind: 'none' });
    const headers = { 'www-authenticate': 'Negotiate' };
    registry.options.faults = [{ fault: { kind: 'status', status: 401, headers } }];
    expect((await errorOf(client().repository(registry.host, 'team/app').resolve('v1'))).message).toContain(
      'asks for a login by negotiate',
    );
    registry.options.faults = [{ fault: { kind: 'status', status: 401 } }];
    expect((await errorOf(client().repository(registry.host, 'team/app').resolve('v1'))).message).toContain(
      'without saying how',
    );
  });
});

describe('mergeScopes', () => {
  it('joins and sorts actions, and lets * swallow the rest', () => {
    expect(mergeScopes(['repository:a:push', 'repository:a:pull,push', 'repository:b:*,pull', 'x'])).toEqual([
      'repository:a:pull,push',
      'repository:b:*',
      'x',
    ]);
  });
});
