// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPeers } from '../../../scripts/peers/peer.ts';
import type { TestCertificate } from '../../fakes/certificate-authority.ts';
import type { ReceivedRequest } from '../../fakes/revocation-responder.ts';
import { runProgram } from './run-program.ts';

/** A certificate in the authority's index. */
export interface IndexEntry {
  readonly certificate: TestCertificate;
  /** `keyCompromise`, `certificateHold`, …; absent: not revoked. */
  readonly revoked?: string;
}

/** What `openssl ocsp` and `openssl ca` are told. */
export interface OpensslAnswer {
  readonly issuer: TestCertificate;
  readonly index: readonly IndexEntry[];
}

export interface OpensslOcsp extends OpensslAnswer {
  /** Who signs; default: the issuer. */
  readonly responder?: TestCertificate;
  /** Whether the responder's certificate comes with the answer; default: only if it is not the issuer's. */
  readonly embed?: boolean;
  /** Further options; default: valid for a day. */
  readonly options?: readonly string[];
}

/** The answer of `openssl ocsp` to a request as it came over HTTP. */
export function answerWithOpenssl(request: ReceivedRequest, answer: OpensslOcsp): Promise<Buffer> {
  const { issuer, responder = issuer, embed = responder !== issuer, options = ['-ndays', '1'] } = answer;
  return withFiles(answer, async (run, folder) => {
    writeFileSync(join(folder, 'request.der'), encodedRequest(request));
    writeFileSync(join(folder, 'responder.crt'), responder.pem);
    writeFileSync(join(folder, 'responder.key'), responder.privateKeyPem);
    const signer = ['-rsigner', 'responder.crt', '-rkey', 'responder.key', ...(embed ? [] : ['-resp_no_certs'])];
    const files = ['-index', 'index.txt', '-CA', 'ca.crt', '-reqin', 'request.der', '-respout', 'response.der'];
    await run('ocsp', ...files, ...signer, ...options);
    return readFileSync(join(folder, 'response.der'));
  });
}

/** RFC 6960, A.1: in the body, or as the last element of the path. */
function encodedRequest({ method, path, body }: ReceivedRequest): Buffer {
  if (method === 'POST') return body;
  return Buffer.from(decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)), 'base64');
}

/** The DER of a CRL that `openssl ca -gencrl` makes; default: valid for a day. */
export function makeCrlWithOpenssl(answer: OpensslAnswer, options = ['-crldays', '1']): Promise<Buffer> {
  return withFiles(answer, async (run, folder) => {
    writeFileSync(join(folder, 'crlnumber'), '01\n');
    writeFileSync(join(folder, 'ca.cnf'), configuration);
    await run('ca', '-gencrl', '-config', 'ca.cnf', '-out', 'crl.pem', ...options);
    await run('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
    return readFileSync(join(folder, 'crl.der'));
  });
}

const configuration = `[ca]
default_ca = authority
[authority]
database = index.txt
crlnumber = crlnumber
certificate = ca.crt
private_key = ca.key
default_md = sha256
unique_subject = no
`;

type Run = (...args: readonly string[]) => Promise<void>;

async function withFiles<T>(
  { issuer, index }: OpensslAnswer,
  work: (run: Run, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'openssl-ca-'));
  const environment = { PATH: process.env['PATH'] ?? '', RANDFILE: join(folder, 'random') };
  try {
    writeFileSync(join(folder, 'ca.crt'), issuer.pem);
    writeFileSync(join(folder, 'ca.key'), issuer.privateKeyPem);
    writeFileSync(join(folder, 'index.txt'), index.map(indexLine).join(''));
    writeFileSync(join(folder, 'index.txt.attr'), 'unique_subject = no\n');
    return await work(async (...args) => {
      const ended = await runProgram(readPeers().openssl.program, args, { environment, directory: folder });
      if (ended.status !== 0) throw new Error(`openssl ${args.join(' ')}:\n${ended.stderr}`);
    }, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function indexLine({ certificate, revoked }: IndexEntry, position: number): string {
  const digits = certificate.certificate.serialNumber.toString(16).toUpperCase();
  const serial = digits.length % 2 === 0 ? digits : `0${digits}`;
  const [status, revocation] = revoked === undefined ? ['V', ''] : ['R', `240101000000Z,${revoked}`];
  return `${[status, '490101000000Z', revocation, serial, 'unknown', `/CN=${position}`].join('\t')}\n`;
}
