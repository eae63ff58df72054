// SPDX-License-Identifier: Apache-2.0
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does with a request. */
export type Reply =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array | string;
    }
  /** Never an answer. */
  | 'silence'
  /** Half a body, then no more. */
  | 'half'
  | 'reset';

export interface ReceivedRequest {
  readonly method: string;
  /** As on the wire: escapes are kept. */
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/** An OCSP responder and CRL distribution point on loopback; what is not set up is not found. */
export interface RevocationResponder {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  readonly requests: ReceivedRequest[];
  /** Answers requests whose first path element is this name; returns its address. */
  serve(name: string, reply: Reply | ((request: ReceivedRequest) => Reply | Promise<Reply>)): string;
  stop(): Promise<void>;
}

export async function startRevocationResponder(): Promise<RevocationResponder> {
  const replies = new Map<string, (request: ReceivedRequest) => Reply | Promise<Reply>>();
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks) };
      requests.push(request);
      const name = /^\/([^/?]*)/.exec(path)?.[1] ?? '';
      Promise.resolve(replies.get(name)?.(request) ?? { status: 404 }).then(
        (reply) => {
          send(response, reply);
        },
        (error: unknown) => {
          send(response, { status: 500, body: String(error) });
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    requests,
    serve: (name, reply) => {
      replies.set(name, typeof reply === 'function' ? reply : () => reply);
      return `${origin}/${name}`;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'silence') return;
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (reply === 'half') {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    response.socket?.end();
    return;
  }
  response.writeHead(reply.status ?? 200, { ...reply.headers }).end(reply.body ?? '');
}
