// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestSigner } from './certificate-authority.ts';
import { context, integer, oid, sequence, set } from './der.ts';
import { bodyOf } from './https-server.ts';
import { rawSignature } from './raw-signature.ts';

/** `in-use` is what Microsoft's clients and the service speak, `published` what the specification of 2023 says. */
export type SigningDialect = 'in-use' | 'published';

/** A request as the service saw it. */
export interface SeenSigningRequest {
  readonly kind: 'submit' | 'status' | 'other';
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly token: string | undefined;
  readonly body: string;
}

export interface SigningReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a text, else as JSON. */
  readonly body?: unknown;
}

export interface FakeArtifactSigning {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly account: string;
  readonly profile: string;
  readonly requests: readonly SeenSigningRequest[];
  /** Most operations that were open at a time. */
  readonly busiest: number;
  /** Dialects that it speaks. */
  dialects: readonly SigningDialect[];
  /** What a status says before it is done; `forever` never gets done. */
  progress: readonly string[] | 'forever';
  /** How often `signingCertificate` is base64, with line breaks in between as the service has them. */
  encodings: 1 | 2 | 3;
  /** The certificates of an answer, as their order and number shall be. */
  arrange: (chain: readonly Uint8Array[]) => readonly Uint8Array[];
  /** Changes the signature. */
  editSignature: (signature: Buffer) => Uint8Array;
  /** Answers instead of the service where it returns something. */
  script(answer: (request: SeenSigningRequest) => SigningReply | undefined): void;
  close(): Promise<void>;
}

/** PKCS #7 SignedData without signers, as the service wraps a chain. */
export function pkcs7Of(certificates: readonly Uint8Array[]): Uint8Array {
  const data = sequence(oid('1.2.840.113549.1.7.1'));
  const signedData = sequence(integer(1), set(), data, context(0, Buffer.concat(certificates)), set());
  return sequence(oid('1.2.840.113549.1.7.2'), context(0, signedData));
}

interface Operation {
  readonly signature: Uint8Array;
  asked: number;
}

/** Azure Artifact Signing in this process, with one profile that signs with a real key. */
export async function startArtifactSigning(
  signer: Pick<TestSigner, 'privateKey' | 'chainDer'>,
): Promise<FakeArtifactSigning> {
  const requests: SeenSigningRequest[] = [];
  const operations = new Map<string, Operation>();
  let script: Parameters<FakeArtifactSigning['script']>[0] = () => undefined;
  let [open, busiest] = [0, 0];
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = await seenRequest(request);
    requests.push(seen);
    const { status, headers = {}, body } = script(seen) ?? answer(seen);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  };

  const base = (): string => `/codesigningaccounts/${service.account}/certificateprofiles/${service.profile}`;
  const answer = (seen: SeenSigningRequest): SigningReply => {
    if (seen.token === undefined) return { status: 401 };
    const dialect = seen.version === '2023-06-15-preview' ? 'published' : 'in-use';
    const known = seen.path.startsWith(base()) && service.dialects.includes(dialect);
    if (!known) return { status: 404 };
    const rest = seen.path.slice(base().length);
    if (seen.method === 'POST' && rest === (dialect === 'in-use' ? '/sign' : ':sign')) return submit(seen, dialect);
    const operation = operations.get(rest.replace(/^\/sign\//, ''));
    if (seen.method === 'GET' && operation !== undefined) return statusOf(rest.slice(6), operation, dialect);
    return { status: 404 };
  };

  const submit = ({ body }: SeenSigningRequest, dialect: SigningDialect): SigningReply => {
    const { signatureAlgorithm, digest } = JSON.parse(body) as { signatureAlgorithm: string; digest: string };
    const bytes = Buffer.from(digest, 'base64');
    if (signatureAlgorithm !== 'PS384' || bytes.length !== 48) {
      return { status: 400, body: { status: 400, title: 'One or more errors.', errors: { digest: ['wrong size'] } } };
    }
    const id = randomUUID();
    operations.set(id, { signature: rawSignature(signer.privateKey, 'PS384', bytes), asked: 0 });
    busiest = Math.max(busiest, ++open);
    const location = `${url}${base()}/sign/${id}?api-version=2023-06-15-preview`;
    const accepted =
      dialect === 'in-use'
        ? { operationId: id, status: 'InProgress', signature: null, signingCertificate: null }
        : { id, status: 'InProgress' };
    return {
      status: 202,
      ...(dialect === 'published' ? { headers: { 'operation-location': location } } : {}),
      body: accepted,
    };
  };

  const statusOf = (id: string, operation: Operation, dialect: SigningDialect): SigningReply => {
    const { progress } = service;
    const status = progress === 'forever' ? 'InProgress' : (progress[operation.asked++] ?? 'Succeeded');
    const done = status === 'Succeeded';
    if (done) open--;
    const result = {
      operationId: id,
      signature: done ? Buffer.from(service.editSignature(Buffer.from(operation.signature))).toString('base64') : null,
      signingCertificate: done ? encodeChain() : null,
    };
    if (dialect === 'in-use') return { status: 200, body: { ...result, status } };
    return { status: 200, body: { id, status, ...(done ? { result } : {}) } };
  };

  const encodeChain = (): string => {
    let encoded = Buffer.from(pkcs7Of(service.arrange(signer.chainDer))).toString('base64');
    for (let count = 1; count < service.encodings; count++) {
      const lines = encoded.match(/.{1,76}/g) ?? [];
      encoded = Buffer.from(lines.join('\r\n')).toString('base64');
    }
    return encoded;
  };

  const service: FakeArtifactSigning = {
    url,
    account: 'contoso',
    profile: 'release-profile',
    requests,
    get busiest() {
      return busiest;
    },
    dialects: ['in-use', 'published'],
    progress: ['InProgress'],
    encodings: 2,
    arrange: (chain) => chain,
    editSignature: (signature) => signature,
    script: (next) => {
      script = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return service;
}

async function seenRequest(request: IncomingMessage): Promise<SeenSigningRequest> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://service');
  const method = request.method ?? '';
  const kind = method === 'POST' ? 'submit' : /\/sign\/[^/]+$/.test(pathname) ? 'status' : 'other';
  return {
    kind,
    method,
    path: pathname,
    version: searchParams.get('api-version') ?? '',
    token: request.headers.authorization?.replace(/^Bearer /, ''),
    body: await bodyOf(request),
  };
}
