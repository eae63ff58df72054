// SPDX-License-Identifier: Apache-2.0
import {
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  isRestError,
} from '@azure/core-rest-pipeline';
import { keyVaultAuthenticationPolicy } from '@azure/keyvault-common';
import { CryptographyClient } from '@azure/keyvault-keys';
import type { SignatureAlgorithm } from '../../envelope/algorithm.ts';
import { NotaryError, messageOf } from '../../errors.ts';
import type { AzureCredential } from '../azure/credential.ts';
import type { Timing } from '../timing.ts';
import { codeOf, vaultFailure, vaultUnreachable } from './azure-key-vault-error.ts';
import type { VaultContext, VaultOperation } from './azure-key-vault-error.ts';
import type { KeyVaultId } from './azure-key-vault-id.ts';
import { createVaultPace } from './azure-key-vault-pace.ts';
import { withVaultRetry } from './azure-key-vault-retry.ts';
import type { VaultAnswer } from './azure-key-vault-retry.ts';

/** Every cloud and emulator serves it; the newer one is asked for where it gives more. */
const apiVersion = '7.6';
/** Milliseconds for one request: a vault answers in tens of them. */
const requestTimeout = 20_000;
/** Bytes of an answer: a secret has at most 25 KiB. */
const maxAnswer = 256 * 1024;

export interface VaultClientOptions {
  readonly id: KeyVaultId;
  readonly credential: AzureCredential;
  readonly timing: Timing;
  readonly userAgent: string;
  /** PEM certificates to trust for TLS instead of the usual ones: for emulators and tests. */
  readonly ca?: string;
}

/** The three things that a signature needs of a vault. Throws `vault-*` and `azure-sign-in`. */
export interface VaultClient {
  /** The JSON of an object: `certificates/name`, `secrets/name/version`, with further query parameters. */
  read(operation: VaultOperation, path: string, query?: Readonly<Record<string, string>>): Promise<VaultObject>;
  /** The signature of a digest by a version of a key, and what the answer says which key it was. */
  sign(
    key: { readonly name: string; readonly version: string },
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
  ): Promise<{ readonly kid: string | undefined; readonly signature: Uint8Array }>;
}

/** The members of an answer; all of them come from outside. */
export type VaultObject = Readonly<Record<string, unknown>>;

export function openVault(options: VaultClientOptions): VaultClient {
  const { id, timing } = options;
  const credential = guarded(options.credential, id);
  const context: VaultContext = { id, credential: options.credential };
  const pace = createVaultPace(timing);
  const http = createDefaultHttpClient();
  const pipeline = createPipelineFromOptions(pipelineOptions(options));
  // The resource of the challenge is checked by `guarded`, which knows emulators too.
  pipeline.addPolicy(keyVaultAuthenticationPolicy(credential, { disableChallengeResourceVerification: true }));

  const keys = new Map<string, KeyClient>();
  // One for each key: the vault's challenge is answered once, not for each signature.
  const clientOf = (keyId: string, name: string, version: string): KeyClient => {
    const known = keys.get(keyId);
    if (known !== undefined) return known;
    const client = new CryptographyClient(
      // Without key material and without a read of the key: the service alone signs.
      { id: keyId, name, properties: { name, vaultUrl: id.vault, version } },
      credential,
      { ...pipelineOptions(options), serviceVersion: apiVersion, disableChallengeResourceVerification: true },
    );
    const opened: KeyClient = { client };
    keys.set(keyId, opened);
    return opened;
  };

  const send = async (operation: VaultOperation, attempt: () => Promise<VaultAnswer>): Promise<string> => {
    const answer = await withVaultRetry(timing, () => pace.run(() => asAnswer(attempt)));
    if ('error' in answer)
      throw answer.error instanceof NotaryError ? answer.error : vaultUnreachable(id, answer.error);
    if (answer.status !== 200) throw vaultFailure(operation, answer, context);
    return answer.body;
  };
  return {
    read: async (operation, path, query = {}) => {
      const url = new URL(path, `${id.vault}/`);
      url.search = new URLSearchParams({ 'api-version': apiVersion, ...query }).toString();
      const body = await send(operation, async () => {
        const request = createPipelineRequest({ url: url.href, timeout: requestTimeout });
        request.headers.set('accept', 'application/json');
        const { status, headers, bodyAsText } = await pipeline.sendRequest(http, request);
        return { status, body: bodyAsText ?? '', retryAfter: milliseconds(headers.get('retry-after')) };
      });
      return objectIn(body, operation, context);
    },
    sign: async ({ name, version }, { jws }, digest) => {
      const key = clientOf(`${id.vault}/keys/${name}/${version}`, name, version);
      const body = await send('sign', () => signOnce(key, jws, digest));
      const { kid, value } = objectIn(body, 'sign', context);
      return {
        kid: typeof kid === 'string' ? kid : undefined,
        signature: new Uint8Array(Buffer.from(typeof value === 'string' ? value : '', 'base64url')),
      };
    },
  };
}

/** The SDK's client of one key. */
interface KeyClient {
  readonly client: CryptographyClient;
  /** The first request, which alone meets the challenge: side by side with others the SDK may lose its body. */
  first?: Promise<VaultAnswer>;
}

async function signOnce(key: KeyClient, algorithm: SignatureAlgorithm['jws'], digest: Uint8Array) {
  if (key.first !== undefined) {
    await key.first.catch(() => undefined);
    return exchangeSignature(key.client, algorithm, digest);
  }
  return await (key.first = exchangeSignature(key.client, algorithm, digest));
}

/** The whole answer: the client's own result does not say which key signed, nor its errors why it did not. */
async function exchangeSignature(
  client: CryptographyClient,
  algorithm: SignatureAlgorithm['jws'],
  digest: Uint8Array,
): Promise<VaultAnswer> {
  const seen: { answer?: VaultAnswer } = {};
  try {
    await client.sign(algorithm, digest, {
      onResponse: ({ status, headers, bodyAsText }) => {
        seen.answer = { status, body: bodyAsText ?? '', retryAfter: milliseconds(headers.get('retry-after')) };
      },
      requestOptions: { timeout: requestTimeout },
    });
  } catch (error) {
    if (seen.answer === undefined || seen.answer.status < 400) throw error;
  }
  if (seen.answer === undefined) throw new Error('the client gave no answer');
  return seen.answer;
}

function pipelineOptions({ userAgent, ca }: VaultClientOptions) {
  return {
    userAgentOptions: { userAgentPrefix: userAgent },
    // `withVaultRetry` and the pace do it: this one gives up at a 429 that names no time (KEY 0).
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    ...(ca === undefined ? {} : { tlsOptions: { ca } }),
  };
}

/**
 * Lets a token go only to the resource that the vault's host belongs to, as Microsoft's clients check it; a vault under an
 * address of its own (an emulator) is its own resource. The tenant that the challenge names must be the sign-in's (KEY 3.7).
 */
function guarded(credential: AzureCredential, { hostName }: KeyVaultId): Pick<AzureCredential, 'getToken'> {
  return {
    getToken: async (scopes, options) => {
      for (const scope of [scopes].flat()) {
        const resource = URL.canParse(scope) ? new URL(scope).hostname : '';
        if (resource !== '' && (hostName === resource || hostName.endsWith(`.${resource}`))) continue;
        throw new NotaryError(
          'vault-failed',
          `${hostName} asks for a token for ${JSON.stringify(scope)}, which is not its own`,
          {
            hint: 'Check the host of {input:keyId}: it is not a vault of Azure, or something stands between.',
          },
        );
      }
      return credential.getToken(scopes, options);
    },
  };
}

/** What the SDK throws for an answer or the lack of one, as a value. */
async function asAnswer(attempt: () => Promise<VaultAnswer>): Promise<VaultAnswer> {
  try {
    return await attempt();
  } catch (error) {
    if (!isRestError(error) || error.statusCode === undefined) return { status: 0, error, code: codeOf(error) };
    const retryAfter = milliseconds(error.response?.headers.get('retry-after'));
    return { status: error.statusCode, body: error.response?.bodyAsText ?? '', retryAfter };
  }
}

function milliseconds(retryAfter: string | undefined): number | undefined {
  return retryAfter !== undefined && /^[0-9]{1,6}$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : undefined;
}

function objectIn(body: string, operation: VaultOperation, { id }: VaultContext): VaultObject {
  const unreadable = (reason: string) =>
    new NotaryError('vault-failed', `the answer of ${id.host} to ${operation} cannot be read: ${reason}`, {
      hint: 'Check the host of {input:keyId}: something else than a key vault seems to answer.',
    });
  if (body.length > maxAnswer) throw unreadable(`more than ${maxAnswer} bytes`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (thrown) {
    // The text is left out: a secret might be in it.
    throw unreadable(messageOf(thrown).includes('Unexpected') ? 'it is not JSON' : 'it is not valid');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw unreadable('it is not an object');
  return parsed as VaultObject;
}
