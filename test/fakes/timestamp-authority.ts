// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DerReader, tag } from '../../shared/primitives/asn1.ts';
import { makeResponse, makeToken, type TokenSpec } from './timestamp-token.ts';

/** What a request asks for. */
export interface ReceivedQuery {
  readonly messageImprint: Uint8Array;
  readonly nonce: bigint;
  readonly certReq: boolean;
}

/** An exchange that the authority had. */
export interface TimestampExchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface TimestampAuthorityBehaviour {
  /** Changes what the token says; by default it is a good one, made now. */
  readonly token?: Omit<Partial<TokenSpec>, 'message'>;
  /** Changes the body of the answer. */
  readonly editBody?: (body: Uint8Array) => Uint8Array;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the connection instead of answering. */
  readonly breaks?: boolean;
}

/** An RFC 3161 authority on loopback that issues real tokens. */
export interface TimestampAuthority {
  readonly url: string;
  /** May be changed while it runs. */
  behaviour: TimestampAuthorityBehaviour;
  readonly exchanges: TimestampExchange[];
  close(): Promise<void>;
}

export async function startTimestampAuthority(
  behaviour: TimestampAuthorityBehaviour = {},
): Promise<TimestampAuthority> {
  const exchanges: TimestampExchange[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    exchanges.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const { token, editBody, status = 200, headers = {}, breaks = false } = authority.behaviour;
    if (breaks) {
      request.socket.destroy();
      return;
    }
    const granted = status === 200 ? makeResponse(issue(parseQuery(body), token)) : new Uint8Array();
    response.writeHead(status, { 'content-type': 'application/timestamp-reply', ...headers });
    response.end(editBody?.(granted) ?? granted);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const authority: TimestampAuthority = {
    url: `http://127.0.0.1:${port}/tsa`,
    behaviour,
    exchanges,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return authority;
}

function issue({ messageImprint, nonce }: ReceivedQuery, token: TimestampAuthorityBehaviour['token']): Uint8Array {
  const genTime = new Date().toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return makeToken({ message: new Uint8Array(), messageImprint, nonce, genTime, ...token });
}

/** Reads a TimeStampReq (RFC 3161, 2.4.1). */
export function parseQuery(body: Uint8Array): ReceivedQuery {
  const fields = new DerReader(body).enter(tag.sequence, 'no query');
  if (fields.integer('no version') !== 1n) throw new Error('version of the query');
  const messageImprint = fields.element(tag.sequence, 'no message imprint').encoded;
  return { messageImprint, nonce: fields.integer('no nonce'), certReq: fields.boolean('no certReq') };
}
