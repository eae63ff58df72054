// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Greatest milliseconds added to each exchange; what is added is drawn evenly from 0 on. */
export interface Delays {
  readonly request: number;
  readonly answer: number;
}

export interface DelayingProxy {
  /** `localhost:<port>`: registries address their uploads by it, too. */
  readonly host: string;
  stop(): Promise<void>;
}

/** Puts a slow network between clients and an HTTP server at `localhost:<port>`. */
export async function startDelayingProxy(target: string, delays: Delays): Promise<DelayingProxy> {
  const server = createServer((incoming, outgoing) => {
    void forward(target, delays, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `localhost:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function forward(target: string, delays: Delays, incoming: IncomingMessage, outgoing: ServerResponse) {
  const body: Buffer[] = [];
  for await (const chunk of incoming) body.push(chunk as Buffer);
  await sleep(Math.random() * delays.request);
  const { hostname, port } = new URL(`http://${target}`);
  const { method, url: path, headers } = incoming;
  const sent = request({ hostname, port, method, path, headers, agent: false });
  sent.end(Buffer.concat(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const content: Buffer[] = [];
  for await (const chunk of answer) content.push(chunk as Buffer);
  await sleep(Math.random() * delays.answer);
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  outgoing.end(Buffer.concat(content));
}
