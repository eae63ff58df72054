// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPeers } from '../../../scripts/peers/peer.ts';
import { runProgram } from './run-program.ts';

const keys = join(import.meta.dirname, '../../fixtures/vectors/keys/tsa');

/** Root certificate of the authority, a PEM file. */
export const timestampRoot = join(keys, 'root.crt');

/** `openssl ts` behind an HTTP server on loopback. */
export interface OpensslTimestampAuthority {
  readonly url: string;
  /** Queries that were answered. */
  readonly answered: number;
  stop(): Promise<void>;
}

/** What the authority states beside the time. */
export interface TimestampOptions {
  /** The digest in its signature. */
  readonly signerDigest?: 'sha256' | 'sha384' | 'sha512';
  readonly accuracy?: string;
  /** `sha256` and so on: the hash of its own certificate in the token; OpenSSL 1 knows only `sha1`. */
  readonly certificateHash?: string;
}

/** Starts an authority whose certificates are those of the vectors: leaf, intermediate and root. */
export async function startOpensslTimestampAuthority(
  options: TimestampOptions = {},
): Promise<OpensslTimestampAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'openssl-tsa-'));
  copyFileSync(join(keys, 'leaf.key'), join(folder, 'leaf.key'));
  copyFileSync(join(keys, 'leaf.crt'), join(folder, 'leaf.crt'));
  writeFileSync(
    join(folder, 'chain.pem'),
    readFileSync(join(keys, 'int.crt'), 'utf8') + readFileSync(timestampRoot, 'utf8'),
  );
  writeFileSync(join(folder, 'serial'), '01\n');
  writeFileSync(join(folder, 'tsa.cnf'), configuration(options));
  let answered = 0;
  // One after the other: the programs share the file of serial numbers.
  let queue: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    queue = queue.then(() => answer(request, response, folder)).then(() => answered++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`,
    get answered() {
      return answered;
    },
    async stop() {
      await new Promise((resolve) => {
        server.close(resolve).closeAllConnections();
      });
      rmSync(folder, { recursive: true });
    },
  };
}

function configuration({
  signerDigest = 'sha256',
  accuracy = 'secs:1',
  certificateHash = 'sha256',
}: TimestampOptions): string {
  return `[tsa]
serial = serial
signer_cert = leaf.crt
certs = chain.pem
signer_key = leaf.key
signer_digest = ${signerDigest}
default_policy = 1.3.6.1.4.1.4146.2.3
digests = sha256, sha384, sha512
accuracy = ${accuracy}
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = ${certificateHash}
`;
}

async function answer(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  writeFileSync(join(folder, 'query.tsq'), Buffer.concat(chunks));
  const args = [
    'ts',
    '-reply',
    '-config',
    'tsa.cnf',
    '-section',
    'tsa',
    '-queryfile',
    'query.tsq',
    '-out',
    'reply.tsr',
  ];
  const environment = { PATH: process.env['PATH'] ?? '', RANDFILE: join(folder, 'random') };
  const run = await runProgram(readPeers().openssl.program, args, { environment, directory: folder });
  if (run.status === 0) {
    response
      .writeHead(200, { 'content-type': 'application/timestamp-reply' })
      .end(readFileSync(join(folder, 'reply.tsr')));
  } else {
    response.writeHead(500).end(run.stderr);
  }
}
