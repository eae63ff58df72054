// SPDX-License-Identifier: Apache-2.0
import { constants, createHash, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NotaryError } from '../../../../shared/errors.ts';
import {
  startArtifactSigning,
  type FakeArtifactSigning,
  type SigningDialect,
  type SigningReply,
} from '../../../fakes/artifact-signing.ts';
import { createCertificateAuthority } from '../../../fakes/certificate-authority.ts';
import { openProfile } from '../../../support/artifact-signer.ts';

const authority = createCertificateAuthority({ intermediates: 2, name: 'Service' });
const profile = authority.issue({ keyType: 'RSA-3072' });
const message = Buffer.from('bytes to be signed');

let service: FakeArtifactSigning;
beforeAll(async () => {
  service = await startArtifactSigning(profile);
});
afterAll(() => service.close());
afterEach(() => {
  service.script(() => undefined);
  service.dialects = ['in-use', 'published'];
  service.progress = ['InProgress'];
  service.encodings = 2;
  service.arrange = (chain) => chain;
  service.editSignature = (signature) => signature;
});

async function failureOf(work: Promise<unknown>): Promise<NotaryError> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as NotaryError,
  );
}

function refusing(reply: SigningReply): Promise<NotaryError> {
  service.script(() => reply);
  return failureOf(openProfile(service).signer.sign(message));
}

const ders = (certificates: readonly { der: Uint8Array }[]) => certificates.map(({ der }) => Buffer.from(der));
const chainDers = profile.chainDer.map((der) => Buffer.from(der));

describe('a signature', () => {
  it.each<[SigningDialect, string, string]>([
    ['in-use', '/sign', '2022-06-15-preview'],
    ['published', ':sign', '2023-06-15-preview'],
  ])('[KEY-66] comes from the %s dialect', async (dialect, path, version) => {
    service.dialects = [dialect];
    const { signer } = openProfile(service);
    const before = service.requests.length;
    const { signature, certificateChain } = await signer.sign(message);
    expect(signature).toHaveLength(384);
    expect(ders(certificateChain)).toEqual(chainDers);
    const seen = service.requests.slice(before);
    const submitted = seen.filter(({ kind }) => kind === 'submit').at(-1);
    expect(submitted).toMatchObject({ version, path: expect.stringMatching(new RegExp(`${path}$`)) as unknown });
    expect(seen.at(-1)).toMatchObject({ kind: 'status', version });
  });

  it('[KEY-66] asks in the dialect that was understood from then on', async () => {
    service.dialects = ['published'];
    const { signer } = openProfile(service);
    await signer.sign(message);
    const before = service.requests.length;
    await signer.sign(message);
    expect(service.requests.slice(before).map(({ kind, version }) => [kind, version])).toEqual([
      ['submit', '2023-06-15-preview'],
      ['status', '2023-06-15-preview'],
      ['status', '2023-06-15-preview'],
    ]);
  });

  it.each([1, 2, 3] as const)('[KEY-67] has its chain in base64 %i times', async (encodings) => {
    service.encodings = encodings;
    const { certificateChain } = await openProfile(service).signer.sign(message);
    expect(ders(certificateChain)).toEqual(chainDers);
  });

  it.each<[string, (chain: readonly Uint8Array[]) => readonly Uint8Array[]]>([
    ['leaf last', (chain) => chain.toReversed()],
    ['shuffled', ([a, b, c, d]) => [c, a, d, b].flatMap((der) => der ?? [])],
    ['with a copy and a stranger', (chain) => [...chain, chain[1] ?? chain[0] ?? new Uint8Array(), ...strangers]],
  ])('[KEY-67] has its chain leaf first when the answer has it %s', async (_, arrange) => {
    service.arrange = arrange;
    const { certificateChain } = await openProfile(service).signer.sign(message);
    expect(ders(certificateChain)).toEqual(chainDers);
  });
  const strangers = [createCertificateAuthority({ name: 'Stranger' }).root.der];

  it('[KEY-67] names what is missing when the answer has no root', async () => {
    service.arrange = (chain) => chain.slice(0, -1);
    await expect(openProfile(service).signer.sign(message)).rejects.toMatchObject({
      code: 'chain-invalid',
      message: expect.stringContaining('the answer of Azure Artifact Signing does not have it') as unknown,
      hint: expect.not.stringContaining('vault') as unknown,
    });
  });

  it('[KEY-69] is PS384 over the SHA-384 digest, and verifies', async () => {
    const before = service.requests.length;
    const { signature } = await openProfile(service).signer.sign(message);
    const { body } = service.requests.slice(before).find(({ kind }) => kind === 'submit') ?? { body: '' };
    expect(JSON.parse(body)).toEqual({
      signatureAlgorithm: 'PS384',
      digest: createHash('sha384').update(message).digest('base64'),
    });
    const key = {
      key: profile.leaf.keys.publicKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    };
    expect(verify('sha384', message, key, signature)).toBe(true);
  });

  it.each<[string, (signature: Buffer) => Uint8Array, string]>([
    ['of a wrong size', (signature) => signature.subarray(1), 'a signature of 383 bytes where PS384 has 384'],
    ['of something else', (signature) => Buffer.from(signature).reverse(), 'does not verify with any certificate'],
  ])('[KEY-69] is refused when it is %s', async (_, edit, text) => {
    service.editSignature = edit;
    await expect(openProfile(service).signer.sign(message)).rejects.toThrow(text);
  });

  it('is refused when it is no base64, or when there are no certificates', async () => {
    const done = { operationId: 'a', status: 'Succeeded', signature: '???', signingCertificate: 'MA==' };
    expect((await refusing({ status: 200, body: done })).message).toContain('is not base64');
    const signature = Buffer.alloc(384).toString('base64');
    for (const signingCertificate of ['%%%', 'bm90aGluZw==', Buffer.from('0garbage').toString('base64')]) {
      const error = await refusing({ status: 200, body: { ...done, signature, signingCertificate } });
      expect(error).toMatchObject({ code: 'artifact-signing-failed' });
    }
  });

  it('is refused when the certificate is not valid now, before anything is made of it', async () => {
    const { signer } = openProfile(service, { now: new Date('2130-01-01') });
    await expect(signer.sign(message)).rejects.toThrow('was invalid at signing time of 2130-01-01');
  });

  it('is refused when the key is of another kind than the envelope says', async () => {
    const other = await startArtifactSigning(authority.issue({ keyType: 'RSA-4096' }));
    await expect(openProfile(other).signer.sign(message)).rejects.toMatchObject({ code: 'key-unsupported' });
    await other.close();
  });

  it('says once whose certificate signs and how long it is valid', async () => {
    const { signer, infos } = openProfile(service);
    await signer.sign(message);
    await signer.sign(message);
    expect(infos).toEqual([expect.stringMatching(/of CN=Service Signer.*, valid until 2120-01-01T00:00:00.000Z/)]);
  });
});

describe('an operation', () => {
  it('[KEY-68] is asked for until it has succeeded', async () => {
    service.progress = ['InProgress', 'InProgress'];
    const { signer, timing } = openProfile(service);
    await signer.sign(message);
    expect(timing.sleeps).toEqual([50, 75, 112.5]);
  });

  it.each(['Running', 'NotStarted', 'inprogress'])('[KEY-68] goes on while it is %s', async (status) => {
    service.progress = [status];
    await expect(openProfile(service).signer.sign(message)).resolves.toBeDefined();
  });

  it.each(['Failed', 'Canceled', 'TimedOut', 'NotFound', 'Whatever', ''])(
    '[KEY-68] is over when it is "%s"',
    async (status) => {
      service.progress = [status];
      await expect(openProfile(service).signer.sign(message)).rejects.toMatchObject({
        code: 'artifact-signing-failed',
        message: expect.stringContaining('did not sign: the operation ended') as unknown,
      });
    },
  );

  it('[KEY-68] says why it failed', async () => {
    const error = { code: 'IdentityValidationExpired', message: 'renew it' };
    const failed = await refusing({ status: 200, body: { id: 'a', status: 'Failed', error } });
    expect(failed.message).toContain('ended as Failed: IdentityValidationExpired: renew it');
  });

  it('[KEY-68] is begun once more when the service itself failed, and no more', async () => {
    const before = service.requests.length;
    await refusing({ status: 200, body: { id: 'a', status: 'Failed', error: { code: 'InternalServerError' } } });
    expect(service.requests.length - before).toBe(2);
  });

  it('[KEY-68] that never ends is given up after two minutes', async () => {
    service.progress = 'forever';
    const { signer, timing } = openProfile(service);
    await expect(signer.sign(message)).rejects.toThrow('has not signed within 120 seconds: the operation is still');
    expect(timing.sleeps.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(120_000);
    expect(Math.max(...timing.sleeps)).toBe(1000);
  });

  it('[KEY-68] waits as long as the service asks', async () => {
    service.script(({ kind }) =>
      kind === 'submit'
        ? { status: 202, headers: { 'retry-after': '3' }, body: { operationId: 'a', status: 'InProgress' } }
        : { status: 200, body: { status: 'Failed' } },
    );
    const { signer, timing } = openProfile(service);
    await failureOf(signer.sign(message));
    expect(timing.sleeps).toEqual([3000]);
  });

  it.each(['../../evil', 'a/b', '', 'a?b', 'a'.repeat(129)])(
    'has an identifier that is safe in a path, not %s',
    async (operationId) => {
      const before = service.requests.length;
      const error = await refusing({ status: 202, body: { operationId, status: 'InProgress' } });
      expect(error.message).toContain('it does not identify the operation');
      expect(service.requests.length - before).toBe(1);
    },
  );

  it('never sends the token where an answer points', async () => {
    const headers = { 'operation-location': 'http://127.0.0.1:9/elsewhere', location: 'http://127.0.0.1:9/' };
    service.script(({ kind }) => {
      if (kind !== 'submit') return { status: 302, headers };
      return { status: 202, headers, body: { id: 'an-id', status: 'InProgress' } };
    });
    const error = await failureOf(openProfile(service).signer.sign(message));
    expect(error.message).toContain('HTTP status 302');
    expect(service.requests.at(-1)?.path).toMatch(/\/sign\/an-id$/);
  });

  it.each(['', '[]', '"a"', '{', 'null'])('is not understood from %s', async (body) => {
    expect((await refusing({ status: 200, body })).message).toMatch(/cannot be understood|did not sign/);
  });
});

describe('a refusal', () => {
  const forbidden =
    /client-of-test.*object-of-test.*has no role for it, or the account or profile is not there, or is in another region/;

  it('[KEY-71] of 403 without a body names role, account, profile, endpoint and principal', async () => {
    const error = await refusing({ status: 403 });
    expect(error.code).toBe('artifact-signing-denied');
    expect(error.message).toMatch(forbidden);
    expect(error.message).toContain('certificate profile release-profile of account contoso at 127.0.0.1');
    expect(error.hint).toContain('--role "Artifact Signing Certificate Profile Signer" --assignee object-of-test');
    expect(error.hint).toContain('/certificateProfiles/release-profile');
  });

  it('[KEY-71] of 403 wrapped into a 404 is the same, and no other dialect is tried', async () => {
    const before = service.requests.length;
    const message403 = 'Response status code does not indicate success: 403 (Forbidden).';
    const error = await refusing({ status: 404, body: { errorDetail: { code: 'x', message: message403 } } });
    expect(error.code).toBe('artifact-signing-denied');
    expect(error.message).toMatch(forbidden);
    expect(service.requests.length - before).toBe(1);
  });

  it('[KEY-71] of 401 is about the sign-in', async () => {
    const error = await refusing({ status: 401 });
    expect(error).toMatchObject({
      code: 'azure-sign-in',
      message: expect.stringContaining('the access token of a test identity was not accepted') as unknown,
      hint: expect.stringContaining('tenant') as unknown,
    });
  });

  it('[KEY-71] [KEY-74] of 404 is about names and region', async () => {
    const error = await failureOf(openProfile(service, { account: 'fabrikam' }).signer.sign(message));
    expect(error.message).toContain('there is no certificate profile release-profile of account fabrikam');
    expect(error.hint).toContain("the endpoint is that of the account's region");
    expect(error.hint).toContain('--name fabrikam --query "[].location"');
  });

  it('[KEY-71] of 429 is repeated, and then told', async () => {
    let refusals = 2;
    service.script(() => (refusals-- > 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined));
    const { signer, timing } = openProfile(service);
    await signer.sign(message);
    expect(timing.sleeps.slice(0, 2)).toEqual([1000, 1000]);
    expect((await refusing({ status: 429 })).message).toContain('429, throttled');
  });

  it.each([500, 502, 503, 504])('[KEY-71] of %i is repeated', async (status) => {
    let refusals = 1;
    service.script(() => (refusals-- > 0 ? { status } : undefined));
    await expect(openProfile(service).signer.sign(message)).resolves.toBeDefined();
  });

  it.each<[string, unknown, string]>([
    ['in the dialect in use', { errorDetail: { code: 'Bad', message: 'wrong\n digest' } }, ': wrong digest (HTTP'],
    ['in the published one', { error: { code: 'Bad', message: 'wrong digest' } }, ': wrong digest (HTTP'],
    ['of a validation', { status: 400, title: 'Errors.', errors: { a: ['b', 'c'] } }, ': Errors. b c (HTTP'],
    ['without a text', 'not JSON', 'contoso at 127.0.0.1 (HTTP status 400)'],
  ])('[KEY-71] of 400 says what the service says %s', async (_, body, text) => {
    const before = service.requests.length;
    expect((await refusing({ status: 400, body })).message).toContain(text);
    expect(service.requests.length - before).toBe(1);
  });

  it('[KEY-74] of a host that is not there tells the regions', async () => {
    const { signer } = openProfile(service, { endpoint: 'http://localhost:9' });
    await expect(signer.sign(message)).rejects.toThrow('Azure Artifact Signing at localhost cannot be reached');
  });
});

describe('a batch', () => {
  it('[KEY-75] of five takes five operations, and each signature is of its own bytes', async () => {
    const { signer, tokens } = openProfile(service);
    const before = service.requests.length;
    const messages = [1, 2, 3, 4, 5].map((number) => Buffer.from(`message ${number}`));
    const signed = await Promise.all(messages.map((each) => signer.sign(each)));
    expect(service.requests.slice(before).filter(({ kind }) => kind === 'submit')).toHaveLength(5);
    expect(new Set(tokens)).toEqual(new Set(['https://codesigning.azure.net/.default']));
    const key = { key: profile.leaf.keys.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING };
    for (const [index, { signature }] of signed.entries()) {
      expect(verify('sha384', messages[index] ?? message, key, signature)).toBe(true);
    }
  });

  it('[KEY-75] has at most five operations open at a time', async () => {
    const fresh = await startArtifactSigning(profile);
    const { signer } = openProfile(fresh);
    await Promise.all(Array.from({ length: 20 }, (_, index) => signer.sign(Buffer.from(String(index)))));
    expect(fresh.busiest).toBeLessThanOrEqual(5);
    await fresh.close();
  });
});
