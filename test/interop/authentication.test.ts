// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startDockerRegistry, type RunningRegistry } from './support/registries.ts';
import { startTokenServer, type TokenServer } from './support/token-server.ts';

const key = signingKey('p256');
const good = { auth: base64('alice:s3cret') };
const wrong = { auth: base64('alice:guess') };

let registry: RunningRegistry;

/** A Notation CLI with what `docker login` would have left for the registry; our runs read the same file. */
function loggedIn(credentials?: unknown): Notation {
  const auths = credentials === undefined ? {} : { [registry.host]: credentials };
  const notation = createNotation({ dockerConfig: JSON.stringify({ auths }) });
  onTestFinished(() => {
    notation.remove();
  });
  return notation;
}

async function bothSignAndVerify(image: PushedImage, notation: Notation): Promise<void> {
  const { environment } = notation;
  await signWithUs(image, { key, format: 'jws', environment });
  await notation.succeed('verify', image.reference);
  await notation.succeed('sign', image.reference, '--key', key.name, '--signature-format', 'cose');
  const outcome = await verifyWithUs(image, notation, { environment });
  expect(reasons(outcome)).toBe('');
  expect(outcome.outcome).toBe('verified');
}

async function bothFailToSign(image: PushedImage, notation: Notation, code: string): Promise<void> {
  const { environment } = notation;
  expect((await notation.run('sign', image.reference, '--key', key.name)).status).toBe(1);
  await expect(signWithUs(image, { key, format: 'jws', environment })).rejects.toMatchObject({ code });
}

describe('Basic authentication of docker-registry', () => {
  beforeAll(async () => {
    // htpasswd -Bbn alice s3cret
    const htpasswd = 'alice:$2y$05$esHcjRDYcpiRgIiAjNwvI.h6gDZoXpjIQZQMqJH8nRrw/eWHFtR1u\n';
    registry = await startDockerRegistry({
      files: { htpasswd },
      auth: (directory) => ({ htpasswd: { realm: 'test-realm', path: `${directory}/htpasswd` } }),
    });
  });
  afterAll(() => registry.stop());
  const push = (name: string) => pushImage(registry.host, `basic/${name}`, `Basic ${good.auth}`);

  it('[REG-33] both sign and verify with the credentials of the docker configuration', async () => {
    await bothSignAndVerify(await push('good'), loggedIn(good));
  });

  it('[REG-33] neither signs with a wrong password', async () => {
    await bothFailToSign(await push('wrong'), loggedIn(wrong), 'registry-unauthorized');
  });

  it('[REG-33] neither signs without credentials', async () => {
    await bothFailToSign(await push('none'), loggedIn(), 'registry-unauthorized');
  });
});

describe('Bearer tokens of docker-registry', () => {
  let tokens: TokenServer;

  beforeAll(async () => {
    tokens = await startTokenServer([
      { user: 'alice', password: 's3cret', actions: ['pull', 'push', 'delete'] },
      { user: 'reader', password: 'reader', actions: ['pull'] },
      { user: '', password: '', actions: ['pull'] },
    ]);
    registry = await startDockerRegistry(tokens.registryOptions);
  });
  afterAll(async () => {
    await registry.stop();
    await tokens.stop();
  });
  const push = (name: string) => {
    const repository = `token/${name}`;
    return pushImage(registry.host, repository, tokens.authorization(repository));
  };

  it('[REG-34] both sign and verify with a password', async () => {
    await bothSignAndVerify(await push('password'), loggedIn(good));
  });

  it('[REG-35] both sign and verify with an identity token', async () => {
    const before = tokens.requests.length;
    await bothSignAndVerify(
      await push('identity'),
      loggedIn({ auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'alice:s3cret' }),
    );
    expect(tokens.requests.slice(before).every(({ method }) => method === 'POST')).toBe(true);
  });

  it('[REG-36] both sign and verify with a registry token, without asking the token server', async () => {
    const image = await push('registrytoken');
    const registrytoken = tokens.authorization(image.repository).replace('Bearer ', '');
    const before = tokens.requests.length;
    await bothSignAndVerify(image, loggedIn({ registrytoken }));
    expect(tokens.requests).toHaveLength(before);
  });

  it('[REG-32] both verify anonymously', async () => {
    const image = await push('anonymous');
    await signWithUs(image, { key, format: 'jws', environment: loggedIn(good).environment });
    const anybody = loggedIn();
    await anybody.succeed('verify', image.reference);
    const outcome = await verifyWithUs(image, anybody, { environment: anybody.environment });
    expect(outcome.outcome).toBe('verified');
  });

  it('[REG-42] neither signs with the right to pull only', async () => {
    await bothFailToSign(await push('reader'), loggedIn({ auth: base64('reader:reader') }), 'registry-denied');
  });

  it('[REG-33] neither signs with a wrong password', async () => {
    await bothFailToSign(await push('wrong'), loggedIn(wrong), 'registry-unauthorized');
  });
});

describe('docker-registry with limits', () => {
  it('[REG-28] neither signs in a read-only registry', async () => {
    const data = mkdtempSync(join(tmpdir(), 'data-'));
    const writable = await startDockerRegistry({ data });
    const image = await pushImage(writable.host, 'limits/read-only');
    await writable.stop();
    registry = await startDockerRegistry({ data, readOnly: true });
    onTestFinished(async () => {
      await registry.stop();
      rmSync(data, { recursive: true });
    });
    const reference = `${registry.host}/${image.repository}@${image.digest}`;
    await bothFailToSign({ ...image, registry: registry.host, reference }, loggedIn(), 'registry-response');
  });

  it('[NP-352] both sign where deleting is not allowed, a second time too', async () => {
    registry = await startDockerRegistry({ delete: false });
    onTestFinished(() => registry.stop());
    await bothSignAndVerify(await pushImage(registry.host, 'limits/no-delete'), loggedIn());
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
