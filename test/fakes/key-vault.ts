// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, startHttps } from './https-server.ts';
import type { KeyPair } from './keys.ts';
import { rawSignature } from './raw-signature.ts';

export type VaultRequestKind = 'certificate' | 'secret' | 'key' | 'sign';

/** A request as the vault saw it. */
export interface SeenRequest {
  readonly kind: VaultRequestKind | 'other';
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  readonly body: string;
}

export interface VaultReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A certificate of the vault, with a key and a secret of its own versions. */
export interface VaultCertificate {
  readonly name: string;
  readonly keys: KeyPair;
  /** What `certificates get` gives. */
  readonly der: Uint8Array;
  /** What the secret holds, and of which type. */
  readonly secret?: { readonly value: string; readonly contentType: string; readonly pem?: string };
  readonly enabled?: boolean;
  readonly exportable?: boolean;
  /** What the policy calls the key: `RSA-HSM` for one in hardware. */
  readonly keyType?: string;
}

/** Identifiers of what has been added. */
export interface VaultIds {
  readonly certificate: string;
  readonly key: string;
  readonly secret: string;
}

export interface FakeKeyVault {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  readonly ca: string;
  readonly requests: readonly SeenRequest[];
  /** How many requests came without a token and were told where to get one. */
  readonly challenges: number;
  /** Adds a certificate, or a new version of one. */
  add(certificate: VaultCertificate): VaultIds;
  /** Answers instead of the vault where it returns something. */
  script(answer: (request: SeenRequest) => VaultReply | 'cut' | undefined): void;
  /** Resource that the challenge names; its own address by default. */
  challengeResource: string;
  /** Whether it knows `outContentType` (from 2025-07-01). */
  convertsToPem: boolean;
  /** What it signs with instead of the right thing. */
  corrupt: 'nothing' | 'kid' | 'signature' | 'der' | 'length';
  close(): Promise<void>;
}

interface Stored extends VaultCertificate {
  readonly version: string;
  readonly keyVersion: string;
  readonly secretVersion: string;
}

/** A vault in this process, with the dance of challenge and token, that signs with real keys. */
export async function startKeyVault(): Promise<FakeKeyVault> {
  const stored: Stored[] = [];
  const requests: SeenRequest[] = [];
  let challenges = 0;
  let script: Parameters<FakeKeyVault['script']>[0] = () => undefined;
  const server = await startHttps((request, response) => {
    void handle(request, response);
  });
  const url = `https://127.0.0.1:${server.port}`;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = await seenRequest(request);
    if (seen.token === undefined) {
      challenges += 1;
      const challenge = `Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="${vault.challengeResource}"`;
      reply(response, { status: 401, headers: { 'www-authenticate': challenge } });
      return;
    }
    requests.push(seen);
    const scripted = script(seen);
    if (scripted === 'cut') response.destroy();
    else reply(response, scripted ?? answer(seen, stored, url, vault));
  };

  const vault: FakeKeyVault = {
    url,
    ca: server.ca,
    requests,
    get challenges() {
      return challenges;
    },
    add: (certificate) => {
      const [version, keyVersion, secretVersion] = [newVersion(), newVersion(), newVersion()];
      stored.push({ ...certificate, version, keyVersion, secretVersion });
      const { name } = certificate;
      return {
        certificate: `${url}/certificates/${name}/${version}`,
        key: `${url}/keys/${name}/${keyVersion}`,
        secret: `${url}/secrets/${name}/${secretVersion}`,
      };
    },
    script: (next) => {
      script = next;
    },
    challengeResource: url,
    convertsToPem: true,
    corrupt: 'nothing',
    close: () => server.close(),
  };
  return vault;
}

function newVersion(): string {
  return randomBytes(16).toString('hex');
}

async function seenRequest(request: IncomingMessage): Promise<SeenRequest> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'https://vault');
  const [, collection, , , action] = pathname.split('/');
  const kinds: Readonly<Record<string, VaultRequestKind>> = {
    certificates: 'certificate',
    secrets: 'secret',
    keys: 'key',
  };
  const kind = action === 'sign' ? 'sign' : (kinds[collection ?? ''] ?? 'other');
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  const body = await bodyOf(request);
  return { kind, method: request.method ?? '', path: pathname, query: searchParams, token, body };
}

function reply(response: ServerResponse, { status, headers = {}, body }: VaultReply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

/** The service's own form of an error. */
export function vaultError(status: number, code: string, message: string, inner?: string): VaultReply {
  return {
    status,
    body: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } },
  };
}

function answer(seen: SeenRequest, stored: readonly Stored[], url: string, vault: FakeKeyVault): VaultReply {
  const [, , name = '', version = ''] = seen.path.split('/');
  const versionOf = (each: Stored): string =>
    ({ certificate: each.version, secret: each.secretVersion, key: each.keyVersion, sign: each.keyVersion, other: '' })[
      seen.kind
    ];
  const found = stored.findLast((each) => each.name === name && (version === '' || versionOf(each) === version));
  if (found === undefined) {
    const kind = seen.kind === 'sign' ? 'Key' : `${seen.kind.charAt(0).toUpperCase()}${seen.kind.slice(1)}`;
    const text = `A ${kind.toLowerCase()} with (name/id) ${name} was not found in this key vault. If you recently deleted this ${kind.toLowerCase()} you may be able to recover it using the correct recovery command.`;
    return vaultError(404, `${kind}NotFound`, text);
  }
  const ids = {
    id: `${url}/certificates/${name}/${found.version}`,
    kid: `${url}/keys/${name}/${found.keyVersion}`,
    sid: `${url}/secrets/${name}/${found.secretVersion}`,
  };
  const attributes = { enabled: found.enabled ?? true };
  if (seen.kind === 'certificate') {
    const policy = { key_props: { exportable: found.exportable ?? false, kty: found.keyType ?? 'RSA' } };
    return { status: 200, body: { ...ids, cer: Buffer.from(found.der).toString('base64'), attributes, policy } };
  }
  if (seen.kind === 'secret') return secretReply(found, seen, ids, vault);
  if (seen.kind === 'sign') return signReply(found, seen, ids.kid, vault);
  return vaultError(405, 'MethodNotAllowed', 'not part of this vault');
}

function secretReply(
  { secret }: Stored,
  { query }: SeenRequest,
  { sid, kid }: { readonly sid: string; readonly kid: string },
  { convertsToPem }: FakeKeyVault,
): VaultReply {
  if (secret === undefined) return vaultError(404, 'SecretNotFound', 'A secret was not found in this key vault.');
  const wanted = query.get('outContentType');
  if (wanted !== null && !convertsToPem) {
    return vaultError(400, 'BadParameter', 'The specified version (2025-07-01) is not recognized.');
  }
  const converted = wanted === 'application/x-pem-file' && secret.pem !== undefined;
  const { value, contentType } = converted ? { value: secret.pem, contentType: wanted } : secret;
  return { status: 200, body: { value, contentType, id: sid, kid, managed: true, attributes: { enabled: true } } };
}

function signReply({ keys }: Stored, { body }: SeenRequest, kid: string, { corrupt }: FakeKeyVault): VaultReply {
  const { alg, value } = JSON.parse(body) as { alg: string; value: string };
  const digest = Buffer.from(value, 'base64url');
  const size = Number(alg.slice(2)) / 8;
  if (digest.length !== size || /[+/=]/.test(value)) return vaultError(400, 'BadParameter', 'Invalid length of value');
  let signature = rawSignature(keys.privateKey, alg, digest);
  if (corrupt === 'signature') signature[20] = (signature[20] ?? 0) ^ 1;
  if (corrupt === 'length') signature = signature.subarray(1);
  if (corrupt === 'der') signature = derSignature(keys.privateKey, digest);
  const named = corrupt === 'kid' ? kid.replace(/.$/, (last) => (last === '0' ? '1' : '0')) : kid;
  return { status: 200, body: { kid: named, value: signature.toString('base64url') } };
}

/** A signature in the form that Key Vault must not give. */
function derSignature(key: KeyObject, digest: Buffer): Buffer {
  return key.asymmetricKeyType === 'ec' ? sign('sha256', digest, key) : createHash('sha512').update(digest).digest();
}
